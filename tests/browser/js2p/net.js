// What a browser has of Node's `net`: nothing, by which js2p sees where it is.
module.exports = {};

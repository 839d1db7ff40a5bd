// What a node looks like and is called before it has said anything about itself.
//
// All of it follows from the id alone, so every page of the mesh shows one node under one name, colour and face
// without a word being exchanged. Two nodes may share a name: `tail` tells them apart.

const ADJECTIVES = `amber azure brave breezy bright calm cheery clever coral cosy crisp curious dapper daring dreamy
  eager early easy fair fleet fond frosty gentle gleeful golden happy hazel honest humble indigo ivory jolly keen kind
  lively lucky lunar mellow merry mighty misty modest nimble olive patient plucky polite proud quick quiet rosy rustic
  silver sincere snug spry sturdy sunny swift tidy velvet warm witty zesty`.split(/\s+/);

const ANIMALS = `alpaca badger beaver bison bobcat camel cicada condor cricket curlew deer dingo dolphin dormouse duck
  egret elk falcon ferret finch fox gecko gibbon goose grouse hare hedgehog heron hoopoe ibex ibis jackdaw kestrel kiwi
  koala lemur lizard llama lynx marmot marten mole moose narwhal newt octopus otter owl panda pelican penguin plover
  puffin quail rabbit raven robin seal shrew sparrow squirrel stoat swan toad`.split(/\s+/);

/** The longest name shown, in characters. */
export const NAME_LIMIT = 32;

/** FNV-1a with murmur's finish: 32 well-mixed bits of an id. Not for anything that must resist an attacker. */
function hash(id) {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** "Amber Otter": the name a node has until it chooses one. */
export function friendlyName(id) {
  const h = hash(id);
  const adjective = ADJECTIVES[h % ADJECTIVES.length];
  const animal = ANIMALS[(h >>> 8) % ANIMALS.length];
  return `${capital(adjective)} ${capital(animal)}`;
}

/**
 * The node's hue in OKLCH degrees; the style sheet picks lightness and chroma, so that it can be read. A part of
 * the blues, where 40 degrees look much the same, is left out.
 */
export function hue(id) {
  const degrees = (hash(`${id}#`) >>> 4) % 320;
  return degrees < 200 ? degrees : degrees + 40;
}

/** Small numbers from which a face is drawn: each trait picks one of `count` variants. */
export function trait(id, salt, count) {
  return (hash(salt + id) >>> 3) % count;
}

/** The end of an id, the part that differs most visibly: enough to tell two namesakes apart. */
export const tail = (id) => id.slice(-4);

/** A foreign name made safe to stand in a line of text: no control or direction characters, bounded, or "". */
export function tidyName(name) {
  if (typeof name !== "string") return "";
  const plain = name.slice(0, 4 * NAME_LIMIT).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").replace(/\s+/g, " ").trim();
  return [...plain].slice(0, NAME_LIMIT).join("").trim();
}

/** Names that nodes chose for themselves; the friendly one for all others. Bounded: the oldest choice is forgotten. */
export class Names {
  #chosen = new Map();
  #limit;

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  of(id) {
    return this.#chosen.get(id) ?? friendlyName(id);
  }

  /** Takes a chosen name ("" goes back to the friendly one); true if the shown name changed. */
  choose(id, name) {
    const before = this.of(id);
    this.#chosen.delete(id);
    const plain = tidyName(name);
    if (plain) this.#chosen.set(id, plain);
    if (this.#chosen.size > this.#limit) this.#chosen.delete(this.#chosen.keys().next().value);
    return this.of(id) !== before;
  }
}

const capital = (word) => word[0].toUpperCase() + word.slice(1);

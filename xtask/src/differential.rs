//! Our msgpack against that of py2p and of js2p, over as many messages as are asked for.

use crate::js2p;
use crate::process::{self, Outcome};
use crate::project::Project;
use crate::python;

/// The word for it among the fuzz targets.
pub(crate) const NAME: &str = "differential";

/// Has both relatives read `messages`, and says so where they differ from us in a way that is not known.
pub(crate) fn run(project: &Project, messages: u64) -> Outcome {
    python::install(project)?;
    js2p::install(project)?;
    let mut test = project.cargo();
    test.args(["test", "--quiet", "--test", "msgpack_relatives"]);
    test.args(["--", "--nocapture", "--test-threads=1"]);
    test.env("RS2P_MESSAGES", messages.to_string());
    process::run(&mut test)
}

//! Takes samples: starts what is measured, puts load on it, and ends it.

use std::fs;
use std::path::PathBuf;

use super::cell::Setting;
use super::contestant::Contestant;
use super::launch::{self, Running};
use super::load;
use super::results::Sample;
use super::task::Task;
use crate::process::Outcome;
use crate::project::Project;

pub(crate) struct Measurer<'a> {
    project: &'a Project,
    task: &'a Task,
    /// Where what servers print goes.
    logs: PathBuf,
}

impl<'a> Measurer<'a> {
    pub(crate) fn new(project: &'a Project, task: &'a Task) -> Outcome<Self> {
        let logs = project.path(task.folder()).join("logs");
        fs::create_dir_all(&logs)
            .map_err(|error| format!("cannot make {}: {error}", logs.display()))?;
        Ok(Self {
            project,
            task,
            logs,
        })
    }

    /// How often each contestant has its turn.
    pub(crate) fn runs(&self) -> u32 {
        self.task.runs
    }

    /// About how long a sample of this takes, in seconds.
    pub(crate) fn seconds(&self, setting: &Setting) -> f64 {
        setting.nominal(self.task)
    }

    pub(crate) fn measure(&self, contestant: Contestant, setting: &Setting) -> Outcome<Sample> {
        self.one_server(contestant, setting)
    }

    fn one_server(&self, contestant: Contestant, setting: &Setting) -> Outcome<Sample> {
        let Self { project, task, .. } = self;
        let ports = launch::free_ports()?;
        let server = contestant.server(project, task, ports)?;
        let processor = setting.is_pinned.then_some(launch::SERVER);
        let mut server = self.start(contestant, launch::placed(&server, processor))?;
        server.await_port(ports.main)?;
        load::run(project, task, contestant, ports, setting, &[server.id()])
    }

    fn start(&self, contestant: Contestant, command: std::process::Command) -> Outcome<Running> {
        let log = self.logs.join(format!("{}.log", contestant.key()));
        Running::start(command, contestant.title(), &log)
    }
}

//! Takes samples: starts what is measured, puts load on it, and ends it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::cell::{Mode, Setting};
use super::contestant::{Contestant, Entrances, Ports};
use super::install;
use super::launch::{self, Running};
use super::load;
use super::mesh;
use super::page;
use super::results::Sample;
use super::task::Task;
use crate::process::Outcome;
use crate::project::Project;

pub(crate) struct Measurer<'a> {
    pub(crate) project: &'a Project,
    pub(crate) task: &'a Task,
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
        match contestant {
            Contestant::Mesh => mesh::measure(self, setting),
            Contestant::Gossip => self.gossip(setting),
            Contestant::Page | Contestant::BarePage => page::measure(self, contestant, setting),
            _ => self.one_server(contestant, setting),
        }
    }

    fn one_server(&self, contestant: Contestant, setting: &Setting) -> Outcome<Sample> {
        let (ports, server) = self.serve(contestant, setting)?;
        let entrances = contestant.entrances(ports);
        self.load(contestant, &entrances, setting, &[server.id()])
    }

    /// Starts the one server of a contestant, and waits until it listens. A port that was free may be somebody else's by
    /// then, so it is tried once more.
    pub(crate) fn serve(
        &self,
        contestant: Contestant,
        setting: &Setting,
    ) -> Outcome<(Ports, Running)> {
        self.serve_once(contestant, setting)
            .or_else(|_| self.serve_once(contestant, setting))
    }

    fn serve_once(&self, contestant: Contestant, setting: &Setting) -> Outcome<(Ports, Running)> {
        let ports = launch::free_ports()?;
        let server = contestant.server(self.project, self.task, ports)?;
        let [processor, _] = setting.place.processors();
        let mut server = self.start(contestant, launch::placed(&server, processor))?;
        server.await_port(ports.main)?;
        Ok((ports, server))
    }

    /// Starts a program of a contestant's; what it prints is logged under its name.
    pub(crate) fn start(&self, contestant: Contestant, command: Command) -> Outcome<Running> {
        let log = self.logs.join(format!("{}.log", contestant.key()));
        Running::start(command, contestant.title(), &log)
    }

    pub(crate) fn load(
        &self,
        contestant: Contestant,
        entrances: &Entrances,
        setting: &Setting,
        servers: &[u32],
    ) -> Outcome<Sample> {
        load::run(
            self.project,
            self.task,
            contestant,
            entrances,
            setting,
            servers,
        )
    }

    /// As many nodes as there are relays, in a program that is its own load.
    fn gossip(&self, setting: &Setting) -> Outcome<Sample> {
        let Mode::Saturate { window } = setting.mode else {
            return Err("nodes of gossip are only saturated".into());
        };
        let mut gossip = Command::new(install::gossip_program(self.project));
        let seconds = [setting.warm, setting.seconds].map(|seconds| self.task.lasting(seconds));
        let counts = [mesh::RELAYS as u32, setting.size, window];
        gossip.args(counts.map(|count| count.to_string()));
        gossip.args(seconds.map(|seconds| seconds.to_string()));
        load::sample_of(&gossip, setting, self.task)
    }
}

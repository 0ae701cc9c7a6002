//! Slurm on this machine, with two nodes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::processes::{Daemon, is_installed, kill, parent, with_environment};
use crate::study::{SetAtEnd, TIMEOUT, folder, survives};

/// Programs of Debian's packages `slurmctld`, `slurmd`, `slurm-client` and `munge`.
const PROGRAMS: [&str; 4] = ["slurmctld", "slurmd", "sbatch", "munged"];

/// A controller and two nodes.
struct Cluster {
    configuration: PathBuf,
    nodes: Vec<Daemon>,
    _controller: Daemon,
    _munge: Daemon,
}

impl Cluster {
    /// Starts it with all files in `folder`, an absolute path.
    fn start(folder: &Path) -> Self {
        let path = |name: &str| folder.join(name).display().to_string();
        for name in ["state", "n1", "n2"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        // Any bytes from 32 on; no other cluster is to accept them.
        let key = format!("{:?} {}", Instant::now(), path("munge"));
        fs::write(path("munge.key"), key.repeat(4)).unwrap();
        Command::new("chmod")
            .args(["400", &path("munge.key")])
            .status()
            .unwrap();
        let munge = Daemon::start(daemon("munged", folder).args([
            "-F".to_owned(),
            "--force".to_owned(),
            format!("--key-file={}", path("munge.key")),
            format!("--socket={}", path("munge.socket")),
            format!("--pid-file={}", path("munge.pid")),
            format!("--log-file={}", path("munge.log")),
            format!("--seed-file={}", path("munge.seed")),
        ]));
        wait_until("munge's socket", || folder.join("munge.socket").exists());

        let (host, user) = (answer("hostname", "-s"), answer("id", "-un"));
        // Ports that are free now.
        let [controller, one, two] = free_ports();
        let text = format!(
            "ClusterName=spat
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={}
SlurmdSpoolDir={}
SlurmctldPidFile={}
SlurmdPidFile={}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdTimeout=5
MessageTimeout=3
TCPTimeout=1
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=1
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={one} CPUs=1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={two} CPUs=1
PartitionName=all Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
",
            path("munge.socket"),
            path("state"),
            path("%n"),
            path("slurmctld.pid"),
            path("slurmd-%n.pid"),
        );
        let configuration = folder.join("slurm.conf");
        fs::write(&configuration, text).unwrap();
        let controller = Daemon::start(
            daemon("slurmctld", folder)
                .args(["-D", "-f"])
                .arg(&configuration),
        );
        let nodes = ["n1", "n2"].map(|node| {
            Daemon::start(
                daemon("slurmd", folder)
                    .args(["-D", "-N", node, "-f"])
                    .arg(&configuration),
            )
        });
        let cluster = Self {
            configuration,
            nodes: nodes.into(),
            _controller: controller,
            _munge: munge,
        };
        wait_until("both nodes", || {
            cluster.ask("sinfo", &["-h", "-o", "%T %D"]).trim() == "idle 2"
        });
        cluster
    }

    /// The output of one of Slurm's programs.
    fn ask(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .env("SLURM_CONF", &self.configuration)
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Kills a node while it executes a task: its daemon, the job's own daemon and all of its processes.
    fn lose_node(&mut self, number: usize) {
        let of_job = [
            format!("SLURMD_NODENAME=n{number}"),
            format!("SLURM_CONF={}", self.configuration.display()),
        ];
        let mut processes = Vec::new();
        wait_until("a task on the node", || {
            processes = with_environment(&of_job);
            !processes.is_empty()
        });
        self.nodes[number - 1].kill();
        for process in processes {
            match parent(process) {
                Some((parent, name)) if name == "slurmstepd" => kill(parent),
                _ => {}
            }
            kill(process);
        }
    }

    /// Slurm delays a task of a lost node by two minutes; this starts it at once.
    fn start_delayed(&self) {
        for line in self
            .ask("squeue", &["-h", "-t", "PD", "-o", "%A %r"])
            .lines()
        {
            if let Some((job, "BeginTime")) = line.split_once(' ') {
                let job = format!("JobId={job}");
                self.ask("scontrol", &["update", &job, "StartTime=now"]);
            }
        }
    }
}

fn daemon(program: &str, folder: &Path) -> Command {
    let log = fs::File::create(folder.join(format!("{program}.log"))).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    command
}

/// What a program prints.
fn answer(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < TIMEOUT, "timeout: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn slurm_finishes_a_study_whose_conductor_and_one_node_are_killed() {
    let missing = PROGRAMS.iter().find(|program| !is_installed(program));
    if let Some(program) = missing {
        eprintln!(
            "skipped: `{program}` is not installed; Debian's packages are slurmctld, slurmd, slurm-client and munge"
        );
        return;
    }
    let folder = folder();
    let files = tempfile::TempDir::new().unwrap();
    let mut cluster = Cluster::start(files.path());
    let configuration = cluster.configuration.clone();
    let ended = AtomicBool::new(false);
    // A job array whose elements take seconds together; each element takes Slurm about half a second more.
    let engine = ["--engine", "slurm", "--bundle", "4"];
    thread::scope(|scope| {
        let _end = SetAtEnd(&ended);
        survives(
            folder.path(),
            &engine,
            |command| {
                command.env("SLURM_CONF", &configuration);
            },
            || {
                cluster.lose_node(2);
                let (cluster, ended) = (&cluster, &ended);
                scope.spawn(move || {
                    while !ended.load(Ordering::Relaxed) {
                        cluster.start_delayed();
                        thread::sleep(Duration::from_millis(200));
                    }
                });
            },
        );
    });
    let nodes = cluster.ask("sinfo", &["-h", "-N", "-o", "%N %T"]);
    assert!(nodes.contains("n2 down"), "{nodes}");
}

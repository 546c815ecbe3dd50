//! Installing what a fresh Debian machine lacks, and saying so.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{find_program, read, run};

/// Installs the packages with apt-get, as root or through sudo.
///
/// # Errors
/// There is no apt-get or no right to use it; the message says what to install.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if find_program("apt-get").is_none() {
        bail!("please install the equivalent of these Debian packages: {list}");
    }
    println!("installing with apt-get: {list}");
    run(apt_get()?.arg("update"))?;
    run(apt_get()?
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages))
}

/// While this file says so, Debian's packages start none of their services.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// The same for packages with a service, which is not started: the tests start what they need themselves.
///
/// # Errors
/// As [`install`].
pub(crate) fn install_without_service(packages: &[&str]) -> Result<()> {
    if std::path::Path::new(POLICY).exists() {
        return install(packages);
    }
    let refuse = format!("printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}");
    run(as_root("sh")?.args(["-c", &refuse]))?;
    let installed = install(packages);
    run(as_root("rm")?.arg(POLICY))?;
    installed
}

/// Links, and builds the C parts of two dependencies.
pub(crate) fn provide_c_compiler() -> Result<()> {
    if find_program("cc").is_some() {
        return Ok(());
    }
    install(&["gcc", "libc6-dev"])
}

/// A command that runs with root's rights.
pub(crate) fn as_root(program: &str) -> Result<Command> {
    if is_root()? {
        return Ok(Command::new(program));
    }
    if find_program("sudo").is_none() {
        bail!("{program} needs root's rights, and there is no sudo here");
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    Ok(command)
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> Result<bool> {
    Ok(read(Command::new("id").arg("-u"))?.trim() == "0")
}

fn apt_get() -> Result<Command> {
    let mut command = as_root("env")?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]);
    Ok(command)
}

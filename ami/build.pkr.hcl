# SPDX-License-Identifier: Apache-2.0
# What is done on the instance, the same for every version of Packer. The source is in current/ or packer-1.6/.

locals {
  debian_architecture = var.architecture == "arm64" ? "arm64" : "amd64"
  instance_type       = var.instance_type != "" ? var.instance_type : (var.architecture == "arm64" ? "t4g.small" : "t3.small")

  # The tag finds what an aborted bake has left. The image's name must be new in the account.
  time          = formatdate("YYYYMMDD'T'hhmmss", timestamp())
  bake_id       = var.bake_id != "" ? var.bake_id : "zk-bake-${local.time}-by-hand"
  image_name    = var.image_name != "" ? var.image_name : "zookeeper-${var.zookeeper_version}-${var.version}-debian-${var.debian}-${var.architecture}-${local.time}"
  manifest_file = var.manifest_file != "" ? var.manifest_file : "${path.root}/../../dist/image-manifest.json"

  # Keys without blank and slash: only such tags can be read from the metadata service.
  tags = {
    Name              = local.image_name
    image_version     = var.version
    zookeeper_version = var.zookeeper_version
    agent_version     = var.agent_version
    commit            = var.commit
    debian            = var.debian
    architecture      = var.architecture
    bake              = local.bake_id
  }
}

build {
  sources = ["source.amazon-ebs.zookeeper"]

  # sshd answers before cloud-init is done; what is still being written must not be baked over.
  provisioner "shell" {
    script          = "${path.root}/../scripts/wait-for-boot.sh"
    execute_command = "sudo env {{ .Vars }} bash '{{ .Path }}'"
  }

  # Directly, without Packer's own SSH proxy, whose old key types OpenSSH 9 refuses.
  provisioner "ansible" {
    playbook_file   = "${path.root}/../../ansible/playbook.yml"
    command         = var.ansible_playbook
    user            = var.ssh_username
    use_proxy       = false
    extra_arguments = ["--extra-vars", "@${var.ansible_variables_file}"]
    ansible_env_vars = [
      "ANSIBLE_CONFIG=${path.root}/../../ansible/ansible.cfg",
      "ANSIBLE_HOST_KEY_CHECKING=False",
      "ANSIBLE_NOCOLOR=True",
      # Connections stay open for a minute, by default under a name made of the address: a machine of another bake, or
      # of another network, may have the same one.
      "ANSIBLE_SSH_CONTROL_PATH=%(directory)s/${local.bake_id}",
      "ANSIBLE_SSH_ARGS=-o UserKnownHostsFile=/dev/null -o ControlMaster=auto -o ControlPersist=60s",
    ]
  }

  # What must be there. It fails the build, so that no image is made of a machine that is not right.
  provisioner "shell" {
    script           = "${path.root}/../scripts/check-image.sh"
    execute_command  = "sudo env {{ .Vars }} bash '{{ .Path }}'"
    environment_vars = ["AGENT_ANSWER=${var.agent_answer}", "ZOOKEEPER_VERSION=${var.zookeeper_version}"]
  }

  # Last, as each step before it leaves traces. The script proves by itself that nothing is left, and fails the build
  # otherwise: after it nobody could log in any more to look.
  provisioner "shell" {
    script          = "${path.root}/../scripts/clean-up.sh"
    execute_command = "sudo env {{ .Vars }} bash '{{ .Path }}'"
  }

  post-processor "manifest" {
    output     = local.manifest_file
    strip_path = true
    custom_data = {
      image_name        = local.image_name
      image_version     = var.version
      zookeeper_version = var.zookeeper_version
      agent_version     = var.agent_version
      commit            = var.commit
      debian            = var.debian
      architecture      = var.architecture
      region            = var.region
      bake              = local.bake_id
    }
  }
}

# SPDX-License-Identifier: Apache-2.0
# Everything that a bake is told. build.sh fills all of it in. People who call Packer by hand give the region and, where
# they want to, source_ami and iam_instance_profile. `./build.sh --prepare` writes what it found on this machine beside
# this file, and the rest has a default.

variable "region" {
  type        = string
  description = "AWS region of the image."
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "x86_64 or arm64."
}

variable "debian" {
  type        = string
  default     = "12"
  description = "Release of Debian that the image is made from; for the filter, the name and the tags."
}

variable "source_ami" {
  type        = string
  default     = ""
  description = "An image to start from instead of Debian's newest."
}

variable "source_ami_owner" {
  type        = string
  default     = "136693071363"
  description = "Account whose images the filter takes; Debian's own, as the name alone could be anybody's."
}

variable "root_device" {
  type        = string
  default     = "/dev/xvda"
  description = "The source image's name of its root device. Another name would add a second volume."
}

variable "volume_size_gib" {
  type        = number
  default     = 8
  description = "Size of the root volume, at least that of the source image."
}

variable "kms_key_id" {
  type        = string
  default     = ""
  description = "KMS key for the root volume; the account's default key for EBS when empty."
}

variable "instance_type" {
  type        = string
  default     = ""
  description = "Type of the instance that is baked on; t3.small or t4g.small when empty."
}

variable "iam_instance_profile" {
  type        = string
  default     = ""
  description = "Instance profile of that instance. The bake itself needs none."
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "Subnet of that instance; one of the default VPC when empty."
}

variable "ssh_interface" {
  type        = string
  default     = "public_ip"
  description = "public_ip or private_ip: the address at which Packer reaches the instance."
}

variable "ssh_source_cidrs" {
  type        = list(string)
  default     = ["0.0.0.0/0"]
  description = "Who may open SSH to the instance while it is baked on, with the key that is made for it."
}

variable "ssh_username" {
  type        = string
  default     = "admin"
  description = "User of the source image with sudo."
}

variable "image_name" {
  type        = string
  default     = ""
  description = "Name of the image, which must be new in the account; made of the versions and the time when empty."
}

variable "bake_id" {
  type        = string
  default     = ""
  description = "Tag of all that the bake makes, and name of its key pair; made of the time when empty."
}

variable "version" {
  type        = string
  description = "Version of the image."
}

variable "zookeeper_version" {
  type    = string
  default = "3.9.5"
}

variable "agent_version" {
  type        = string
  description = "Version of the agent."
}

variable "agent_answer" {
  type        = string
  description = "What `zk-agent --version` prints on the image."
}

variable "commit" {
  type        = string
  description = "Commit that the agent was built from."
}

variable "ansible_playbook" {
  type        = string
  description = "The program ansible-playbook."
}

variable "ansible_variables_file" {
  type        = string
  description = "Variables of the playbook, JSON."
}

variable "manifest_file" {
  type        = string
  default     = ""
  description = "Where the manifest is written; dist/image-manifest.json when empty."
}

variable "endpoint" {
  type        = string
  default     = ""
  description = "URL of EC2, when it is not the region's own."
}

variable "other_cloud" {
  type        = bool
  default     = false
  description = "The endpoint is not AWS's but such as the lab's. Checks that only AWS can answer are left out then."
}

variable "poll_seconds" {
  type        = number
  default     = 5
  description = "Between two looks at the instance and the image."
}

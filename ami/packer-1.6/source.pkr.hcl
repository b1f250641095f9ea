# SPDX-License-Identifier: Apache-2.0
# The source for Packer 1.6, whose plugins are built in. It can't say that instance and image want IMDSv2; build.sh does
# that.

source "amazon-ebs" "zookeeper" {
  region               = var.region
  ami_name             = local.image_name
  instance_type        = local.instance_type
  iam_instance_profile = var.iam_instance_profile
  shutdown_behavior    = "terminate"

  source_ami = var.source_ami

  dynamic "source_ami_filter" {
    for_each = var.source_ami == "" ? [var.source_ami_owner] : []

    content {
      owners      = [source_ami_filter.value]
      most_recent = true

      filters = {
        name                = "debian-${var.debian}-${local.debian_architecture}-*"
        architecture        = var.architecture
        root-device-type    = "ebs"
        virtualization-type = "hvm"
      }
    }
  }

  # An encrypted volume gives an encrypted snapshot, so there is never an unencrypted image, not even for a while.
  # Packer 1.6 wants to be told the least of iops and throughput.
  launch_block_device_mappings {
    device_name           = var.root_device
    volume_type           = "gp3"
    volume_size           = var.volume_size_gib
    iops                  = 3000
    throughput            = 125
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }

  # Without a subnet it is the default subnet that gives a public address: the plugin takes "false" there for an order.
  subnet_id                             = var.subnet_id
  associate_public_ip_address           = var.subnet_id == "" ? null : var.ssh_interface == "public_ip"
  temporary_security_group_source_cidrs = var.ssh_source_cidrs
  temporary_key_pair_name               = local.bake_id
  ssh_interface                         = var.ssh_interface
  ssh_username                          = var.ssh_username
  ssh_timeout                           = "10m"
  ssh_handshake_attempts                = 30

  tags = merge(local.tags, {
    source_image      = "{{ .SourceAMI }}"
    source_image_name = "{{ .SourceAMIName }}"
  })
  snapshot_tags   = local.tags
  run_tags        = merge(local.tags, { Name = "bake ${local.image_name}" })
  run_volume_tags = merge(local.tags, { Name = "bake ${local.image_name}" })

  aws_polling {
    delay_seconds = var.poll_seconds
    max_attempts  = 720
  }

  # Another cloud than AWS, such as the lab's, knows neither AWS's regions nor its STS.
  custom_endpoint_ec2        = var.endpoint
  skip_region_validation     = var.other_cloud
  skip_metadata_api_check    = var.other_cloud
  skip_credential_validation = var.other_cloud
}

/** What the agent uses of this SDK client: a bundler keeps these names and drops the rest of the package. */
export { CreateTagsCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';

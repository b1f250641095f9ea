/** What the agent uses of this SDK client: a bundler keeps these names and drops the rest of the package. */
export {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  DescribeLogStreamsCommand,
} from '@aws-sdk/client-cloudwatch-logs';

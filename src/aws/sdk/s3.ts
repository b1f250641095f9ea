/** What the agent uses of this SDK client: a bundler keeps these names and drops the rest of the package. */
export {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

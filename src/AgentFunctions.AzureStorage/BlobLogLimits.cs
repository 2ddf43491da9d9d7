namespace AgentFunctions.AzureStorage;

/// <summary>
/// When a stream goes on in a new blob, and how much is read at a time. Fixed for the life of a storage account.
/// </summary>
/// <param name="MaxBlocks">The blocks of one blob: an append blob takes 50,000.</param>
/// <param name="MaxBytes">The bytes of one blob, after which no further block is begun.</param>
/// <param name="ReadBytes">The bytes of one read.</param>
internal sealed record BlobLogLimits(int MaxBlocks, long MaxBytes, int ReadBytes)
{
    public static BlobLogLimits Default { get; } = new(5_000, 16 * 1024 * 1024, 1024 * 1024);
}

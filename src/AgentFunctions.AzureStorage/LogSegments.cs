using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// Reads the segments of streams, each an append blob: what they hold from a place on, and where a position lies.
/// </summary>
internal sealed class LogSegments(BlobContainers containers, BlobLogLimits limits)
{
    private const string Container = "agent-logs";

    /// <summary>What is read of the end of a segment to find a place near it.</summary>
    private const int TailBytes = 64 * 1024;

    /// <summary>Gets the container of all segments.</summary>
    public Task<BlobContainerClient> ContainerAsync() => containers.GetAsync(Container);

    /// <summary>Lists the segments of a stream, the first one first.</summary>
    public async IAsyncEnumerable<BlobItem> ListAsync(string stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobContainerClient container = await ContainerAsync();
        await foreach (BlobItem segment in container.GetBlobsAsync(
            BlobTraits.None, BlobStates.None, LogLocation.PrefixOf(stream), cancellationToken))
        {
            yield return segment;
        }
    }

    /// <summary>A place at or before a position that takes one listing to find: the beginning of a segment, or its end.</summary>
    public async Task<LogLocation> FindAsync(string stream, long position, CancellationToken cancellationToken)
    {
        BlobContainerClient container = await ContainerAsync();
        BlobItem? last = null;
        await foreach (BlobItem segment in ListAsync(stream, cancellationToken))
        {
            if (LogLocation.SegmentOf(segment.Name) is var begin && begin > position)
            {
                if (last is null)
                {
                    // What was before was trimmed.
                    return new LogLocation(begin, 0, begin, 0);
                }

                break;
            }

            last = segment;
        }

        if (last is null)
        {
            return LogLocation.Beginning;
        }

        long first = LogLocation.SegmentOf(last.Name);
        long size = last.Properties.ContentLength ?? 0;
        long length = Math.Min(size, position == long.MaxValue ? LogBlock.FootSize : TailBytes);
        if (length == 0)
        {
            return new LogLocation(first, 0, first, 0);
        }

        var range = new BlobDownloadOptions { Range = new HttpRange(size - length, length) };
        BlobDownloadResult tail = (await container.GetBlobClient(last.Name).DownloadContentAsync(range, cancellationToken)).Value;
        return PlaceIn(tail.Content.ToMemory().Span, first, size, position);
    }

    /// <summary>
    /// The last place at or before a position in the last bytes of a segment; its beginning if the position lies before them.
    /// </summary>
    private static LogLocation PlaceIn(ReadOnlySpan<byte> tail, long segment, long size, long position)
    {
        long offset = size;
        while (tail.Length >= LogBlock.FootSize)
        {
            LogBlock block = LogBlock.ReadFoot(tail);
            if (block.End <= position)
            {
                return new LogLocation(segment, offset, block.End, block.Number + 1);
            }

            if (block.FirstPosition <= position)
            {
                return new LogLocation(segment, offset - block.Size, block.FirstPosition, block.Number);
            }

            offset -= block.Size;
            tail = tail[..Math.Max(0, tail.Length - block.Size)];
        }

        return new LogLocation(segment, 0, segment, 0);
    }

    /// <summary>
    /// Reads blocks from a place on; what the chunk says tells whether the place is still there, and whether more follows.
    /// </summary>
    public async Task<LogChunk> ReadAsync(string stream, LogLocation from, CancellationToken cancellationToken)
    {
        LogLocation place = from.RolledOver(limits.MaxBlocks, limits.MaxBytes);
        BlobContainerClient container = await ContainerAsync();
        BlobClient blob = container.GetBlobClient(LogLocation.BlobOf(stream, place.Segment));
        // The foot of the block before is read too: it tells whether this still is the blob in which the place was remembered.
        int foot = place.Offset == 0 ? 0 : LogBlock.FootSize;
        long size = limits.ReadBytes;
        while (true)
        {
            ReadOnlyMemory<byte> bytes;
            long total;
            try
            {
                var range = new BlobDownloadOptions { Range = new HttpRange(place.Offset - foot, foot + size) };
                BlobDownloadResult result = (await blob.DownloadContentAsync(range, cancellationToken)).Value;
                bytes = result.Content.ToMemory();
                total = TotalOf(result.Details, bytes.Length);
            }
            catch (RequestFailedException e) when (e.Status == 416)
            {
                // The blob is empty, or shorter than it was.
                return place.Offset == 0 ? LogChunk.Nothing(place) : LogChunk.Gone(place);
            }
            catch (RequestFailedException e) when (e.IsMissing())
            {
                bool isThere = place.Offset == 0 && (place == from || await IsThereAsync(stream, from, cancellationToken));
                return isThere ? LogChunk.Nothing(from) : LogChunk.Gone(place);
            }

            if (foot > 0 && !LogBlock.EndsAt(bytes.Span[..Math.Min(foot, bytes.Length)], place.Position, place.Blocks))
            {
                return LogChunk.Gone(place);
            }

            bytes = bytes[foot..];
            LogChunk chunk = LogChunk.Parse(place, bytes, total, limits);
            if (chunk.Blocks.Count > 0 || bytes.IsEmpty)
            {
                return chunk;
            }

            // A block larger than what was read.
            size = LogBlock.ReadHead(bytes.Span) is { } head ? head.Size : LogBlock.HeadSize;
        }
    }

    /// <summary>
    /// Whether a full segment, after which nothing comes yet, still is the one in which a place was remembered.
    /// </summary>
    private async Task<bool> IsThereAsync(string stream, LogLocation end, CancellationToken cancellationToken)
    {
        BlobContainerClient container = await ContainerAsync();
        var range = new BlobDownloadOptions { Range = new HttpRange(end.Offset - LogBlock.FootSize, LogBlock.FootSize) };
        try
        {
            BlobClient blob = container.GetBlobClient(LogLocation.BlobOf(stream, end.Segment));
            BlobDownloadResult foot = (await blob.DownloadContentAsync(range, cancellationToken)).Value;
            return LogBlock.EndsAt(foot.Content.ToMemory().Span, end.Position, end.Blocks);
        }
        catch (RequestFailedException e) when (e.Status == 416 || e.IsMissing())
        {
            return false;
        }
    }

    /// <summary>The size of the whole blob, from <c>bytes first-last/total</c>.</summary>
    private static long TotalOf(BlobDownloadDetails details, int read) =>
        details.ContentRange is { } range
            && long.TryParse(range.AsSpan(range.IndexOf('/', StringComparison.Ordinal) + 1), out long total)
            ? total
            : read;
}

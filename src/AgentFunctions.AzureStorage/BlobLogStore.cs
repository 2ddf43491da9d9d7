using System.Runtime.CompilerServices;
using AgentFunctions.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// Streams as append blobs. One append, or several of this process that came while another was written, is one block, written on the
/// condition that the blob ends where the writer believes it does; a stream goes on in a new blob long before an append blob's limit of
/// 50,000 blocks, so that a read by position goes through little of it.
/// </summary>
internal sealed class BlobLogStore : ILogStore
{
    private const string Container = "agent-logs";
    private const int MaxEntryBytes = 1024 * 1024;

    /// <summary>The largest block that an append blob takes.</summary>
    private const int MaxBlockBytes = 100 * 1024 * 1024;

    /// <summary>What is read of the end of a segment to find a place near it.</summary>
    private const int TailBytes = 64 * 1024;

    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SlowestPoll = TimeSpan.FromSeconds(2);

    private readonly BlobContainers _containers;
    private readonly TimeProvider _time;
    private readonly BlobLogLimits _limits;
    private readonly LogLocations _places = new();
    private readonly AppendQueue _appends;

    /// <summary>Makes the store with the limits that it has in production.</summary>
    public BlobLogStore(BlobContainers containers, TimeProvider time)
        : this(containers, time, BlobLogLimits.Default)
    {
    }

    public BlobLogStore(BlobContainers containers, TimeProvider time, BlobLogLimits limits)
    {
        (_containers, _time, _limits) = (containers, time, limits);
        _appends = new AppendQueue((stream, appends) => StorageCall.RunAsync(() => AppendBlockAsync(stream, appends)));
    }

    public Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        ArgumentNullException.ThrowIfNull(entries);
        if (entries.Count == 0)
        {
            throw new AgentException(ErrorCode.InvalidInput, "entries: give at least one.");
        }

        if (entries.Max(entry => entry.Length) > MaxEntryBytes || LogBlock.SizeOf(entries) > MaxBlockBytes)
        {
            throw new AgentException(
                ErrorCode.PayloadTooLarge, $"entries: at most {MaxEntryBytes} bytes each and {MaxBlockBytes} together; larger things are blobs.");
        }

        return _appends.AddAsync(stream, new PendingAppend(entries, expectedPosition), cancellationToken);
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        long left = maxCount ?? long.MaxValue;
        LogLocation place = _places.AtOrBefore(stream, fromPosition)
            ?? await StorageCall.RunAsync(() => FindAsync(stream, fromPosition, cancellationToken));
        while (left > 0)
        {
            LogLocation from = place;
            LogChunk chunk = await StorageCall.RunAsync(() => ReadChunkAsync(stream, from, cancellationToken));
            if (chunk.IsGone)
            {
                _places.Forget(stream);
                place = await StorageCall.RunAsync(() => FindAsync(stream, fromPosition, cancellationToken));
                continue;
            }

            foreach ((LogBlock block, ReadOnlyMemory<byte> bytes) in chunk.Blocks)
            {
                long position = block.FirstPosition;
                foreach (ReadOnlyMemory<byte> entry in LogBlock.Entries(block, bytes))
                {
                    if (position >= fromPosition && left-- > 0)
                    {
                        yield return new LogEntry(position, entry);
                    }

                    position++;
                }
            }

            place = chunk.End;
            _places.Remember(stream, place);
            if (chunk.IsLast)
            {
                yield break;
            }
        }
    }

    public Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        return StorageCall.RunAsync(async () => (await EndAsync(stream, cancellationToken)).Position);
    }

    public async Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken)
    {
        TimeSpan pause = FirstPoll;
        while (await GetLengthAsync(stream, cancellationToken) <= length)
        {
            await Task.Delay(pause, _time, cancellationToken);
            pause = pause * 1.5 < SlowestPoll ? pause * 1.5 : SlowestPoll;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Whole segments go: those that end before the position.</remarks>
    public Task TrimAsync(string stream, long before, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        return StorageCall.RunAsync(async () =>
        {
            BlobContainerClient container = await _containers.GetAsync(Container);
            BlobItem? last = null;
            await foreach (BlobItem segment in SegmentsAsync(container, stream, cancellationToken))
            {
                if (last is not null && LogLocation.SegmentOf(segment.Name) <= before && segment.Properties.ContentLength > 0)
                {
                    await container.DeleteBlobIfExistsAsync(last.Name, DeleteSnapshotsOption.IncludeSnapshots, null, cancellationToken);
                }

                last = segment;
            }

            return true;
        });
    }

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        return StorageCall.RunAsync(async () =>
        {
            BlobContainerClient container = await _containers.GetAsync(Container);
            await foreach (BlobItem segment in SegmentsAsync(container, stream, cancellationToken))
            {
                await container.DeleteBlobIfExistsAsync(segment.Name, DeleteSnapshotsOption.None, null, cancellationToken);
            }

            _places.Forget(stream);
            return true;
        });
    }

    private async Task<long> AppendBlockAsync(string stream, IReadOnlyList<PendingAppend> appends)
    {
        // Several callers may wait for the block, so none of them can stop it.
        CancellationToken cancellationToken = CancellationToken.None;
        IReadOnlyList<ReadOnlyMemory<byte>> entries = appends is [var only] ? only.Entries : [.. appends.SelectMany(static append => append.Entries)];
        long? expectedPosition = appends[0].ExpectedPosition;
        LogLocation? known = _places.Last(stream);
        bool isFresh = known is null || (expectedPosition is { } expected && expected != known.Value.Position);
        LogLocation end = isFresh ? await EndAsync(stream, cancellationToken) : known!.Value;
        var id = Guid.NewGuid();
        while (true)
        {
            if (expectedPosition is { } wanted && wanted != end.Position)
            {
                if (isFresh)
                {
                    throw new AgentException(
                        ErrorCode.PositionConflict, $"The stream '{stream}' ends at {end.Position}, not at {wanted}; read it and decide again.");
                }

                (end, isFresh) = (await EndAsync(stream, cancellationToken), true);
                continue;
            }

            LogLocation place = end.RolledOver(_limits.MaxBlocks, _limits.MaxBytes);
            var block = new LogBlock(LogBlock.SizeOf(entries), place.Position, entries.Count, place.Blocks, id);
            if (await TryWriteAsync(stream, place, LogBlock.Write(block, entries), cancellationToken))
            {
                _places.Remember(stream, place.After(block));
                return place.Position;
            }

            // Somebody wrote there: another writer, or this one, where the answer to a first try was lost.
            LogChunk chunk = await ReadChunkAsync(stream, place, cancellationToken);
            if (chunk.Blocks is [(var first, _), ..] && first.Id == id)
            {
                _places.Remember(stream, place.After(first));
                return first.FirstPosition;
            }

            if (chunk.Blocks.Count > 0)
            {
                // The place was right, so what was read is what others have added.
                _places.Remember(stream, chunk.End);
            }
            else
            {
                _places.Forget(stream);
            }

            (end, isFresh) = (chunk is { Blocks.Count: > 0, IsLast: true } ? chunk.End : await EndAsync(stream, cancellationToken), true);
        }
    }

    private async Task<bool> TryWriteAsync(string stream, LogLocation place, byte[] block, CancellationToken cancellationToken)
    {
        BlobContainerClient container = await _containers.GetAsync(Container);
        AppendBlobClient blob = container.GetAppendBlobClient(LogLocation.BlobOf(stream, place.Segment));
        bool isNew = place.Offset == 0;
        while (true)
        {
            try
            {
                var options = new AppendBlobAppendBlockOptions
                {
                    Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = place.Offset },
                };
                await blob.AppendBlockAsync(new MemoryStream(block, writable: false), options, cancellationToken);
                return true;
            }
            catch (RequestFailedException e) when (e.IsMissing() && isNew)
            {
                await blob.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            }
            catch (RequestFailedException e) when (e.Status == 412 || e.IsMissing())
            {
                return false;
            }
        }
    }

    /// <summary>Where the stream ends at present.</summary>
    private async Task<LogLocation> EndAsync(string stream, CancellationToken cancellationToken)
    {
        LogLocation place = _places.Last(stream) ?? await FindAsync(stream, long.MaxValue, cancellationToken);
        while (true)
        {
            LogChunk chunk = await ReadChunkAsync(stream, place, cancellationToken);
            if (chunk.IsGone)
            {
                // Deleted, and perhaps begun anew, since this place was remembered.
                _places.Forget(stream);
                place = await FindAsync(stream, long.MaxValue, cancellationToken);
                if (place == LogLocation.Beginning)
                {
                    return place;
                }

                continue;
            }

            place = chunk.End;
            if (chunk.IsLast)
            {
                _places.Remember(stream, place);
                return place;
            }
        }
    }

    /// <summary>A place at or before a position that takes one listing to find: the beginning of a segment, or its end.</summary>
    private async Task<LogLocation> FindAsync(string stream, long position, CancellationToken cancellationToken)
    {
        BlobContainerClient container = await _containers.GetAsync(Container);
        BlobItem? last = null;
        await foreach (BlobItem segment in SegmentsAsync(container, stream, cancellationToken))
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

    /// <summary>The last place at or before a position in the last bytes of a segment; its beginning if the position lies before them.</summary>
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

    private async Task<LogChunk> ReadChunkAsync(string stream, LogLocation from, CancellationToken cancellationToken)
    {
        LogLocation place = from.RolledOver(_limits.MaxBlocks, _limits.MaxBytes);
        BlobContainerClient container = await _containers.GetAsync(Container);
        BlobClient blob = container.GetBlobClient(LogLocation.BlobOf(stream, place.Segment));
        // The foot of the block before is read too: it tells whether this still is the blob in which the place was remembered.
        int foot = place.Offset == 0 ? 0 : LogBlock.FootSize;
        long size = _limits.ReadBytes;
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
            LogChunk chunk = LogChunk.Parse(place, bytes, total, _limits);
            if (chunk.Blocks.Count > 0 || bytes.IsEmpty)
            {
                return chunk;
            }

            // A block larger than what was read.
            size = LogBlock.ReadHead(bytes.Span) is { } head ? head.Size : LogBlock.HeadSize;
        }
    }

    /// <summary>Whether a full segment, after which nothing comes yet, still is the one in which a place was remembered.</summary>
    private async Task<bool> IsThereAsync(string stream, LogLocation end, CancellationToken cancellationToken)
    {
        BlobContainerClient container = await _containers.GetAsync(Container);
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
        details.ContentRange is { } range && long.TryParse(range.AsSpan(range.IndexOf('/', StringComparison.Ordinal) + 1), out long total)
            ? total
            : read;

    private static IAsyncEnumerable<BlobItem> SegmentsAsync(BlobContainerClient container, string stream, CancellationToken cancellationToken) =>
        container.GetBlobsAsync(BlobTraits.None, BlobStates.None, LogLocation.PrefixOf(stream), cancellationToken);
}

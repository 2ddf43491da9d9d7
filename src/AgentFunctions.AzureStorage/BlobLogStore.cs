using System.Runtime.CompilerServices;
using AgentFunctions.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// Streams as append blobs. One append, or several of this process that came while another was written, is one block, written on
/// the condition that the blob ends where the writer believes it does; a stream goes on in a new blob long before an append
/// blob's limit of 50,000 blocks, so that a read by position goes through little of it.
/// </summary>
internal sealed class BlobLogStore : ILogStore
{
    private const int MaxEntryBytes = 1024 * 1024;

    /// <summary>The largest block that an append blob takes.</summary>
    private const int MaxBlockBytes = 100 * 1024 * 1024;

    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SlowestPoll = TimeSpan.FromSeconds(2);

    private readonly BlobContainers _containers;
    private readonly LogSegments _segments;
    private readonly TimeProvider _time;
    private readonly BlobLogLimits _limits;
    private readonly LogLocations _places;
    private readonly AppendQueue _appends;

    /// <summary>Makes the store with the limits that it has in production.</summary>
    public BlobLogStore(BlobContainers containers, TimeProvider time)
        : this(containers, time, BlobLogLimits.Default)
    {
    }

    public BlobLogStore(BlobContainers containers, TimeProvider time, BlobLogLimits limits)
    {
        (_containers, _segments, _time, _limits) = (containers, new LogSegments(containers, limits), time, limits);
        _places = new LogLocations(time);
        _appends = new AppendQueue((stream, appends) => _containers.RunAsync(() => AppendBlockAsync(stream, appends)));
    }

    public Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default)
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
                ErrorCode.PayloadTooLarge,
                $"entries: at most {MaxEntryBytes} bytes each and {MaxBlockBytes} together; larger things are blobs.");
        }

        return _appends.AddAsync(stream, new PendingAppend(entries, expectedPosition), cancellationToken);
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        long left = maxCount ?? long.MaxValue;
        LogLocation place = _places.AtOrBefore(stream, fromPosition)
            ?? await _containers.RunAsync(() => _segments.FindAsync(stream, fromPosition, cancellationToken));
        while (left > 0)
        {
            LogLocation from = place;
            LogChunk chunk = await _containers.RunAsync(() => _segments.ReadAsync(stream, from, cancellationToken));
            if (chunk.IsGone)
            {
                _places.Forget(stream);
                place = await _containers.RunAsync(() => _segments.FindAsync(stream, fromPosition, cancellationToken));
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
        return _containers.RunAsync(async () => (await EndAsync(stream, cancellationToken)).Position);
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
        return _containers.RunAsync(async () =>
        {
            BlobContainerClient container = await _segments.ContainerAsync();
            await foreach ((BlobItem segment, _) in EndedBeforeAsync(stream, before, cancellationToken))
            {
                await container.DeleteBlobIfExistsAsync(segment.Name, DeleteSnapshotsOption.IncludeSnapshots, null,
                    cancellationToken);
            }

            _places.Forget(stream);
            return true;
        });
    }

    public Task<long> FindTrimAsync(string stream, long before, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        return _containers.RunAsync(async () =>
        {
            long left = 0;
            await foreach ((_, long next) in EndedBeforeAsync(stream, before, cancellationToken))
            {
                left = next;
            }

            return left;
        });
    }

    /// <summary>Finds the segments that end before a position, each with the position at which the next begins.</summary>
    private async IAsyncEnumerable<(BlobItem Segment, long Next)> EndedBeforeAsync(
        string stream, long before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobItem? last = null;
        await foreach (BlobItem segment in _segments.ListAsync(stream, cancellationToken))
        {
            if (last is not null && LogLocation.SegmentOf(segment.Name) <= before && segment.Properties.ContentLength > 0)
            {
                yield return (last, LogLocation.SegmentOf(segment.Name));
            }

            last = segment;
        }
    }

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default)
    {
        StorageNames.Ensure(stream, nameof(stream));
        return _containers.RunAsync(async () =>
        {
            BlobContainerClient container = await _segments.ContainerAsync();
            await foreach (BlobItem segment in _segments.ListAsync(stream, cancellationToken))
            {
                await container.DeleteBlobIfExistsAsync(segment.Name, DeleteSnapshotsOption.IncludeSnapshots, null,
                    cancellationToken);
            }

            _places.Forget(stream);
            return true;
        });
    }

    private async Task<long> AppendBlockAsync(string stream, IReadOnlyList<PendingAppend> appends)
    {
        // Several callers may wait for the block, so none of them can stop it.
        CancellationToken cancellationToken = CancellationToken.None;
        IReadOnlyList<ReadOnlyMemory<byte>> entries = appends is [var only]
            ? only.Entries
            : [.. appends.SelectMany(static append => append.Entries)];
        long? expectedPosition = appends[0].ExpectedPosition;
        LogLocation? known = _places.Last(stream);
        // What comes after a full segment may have been written and trimmed by others since: nothing is begun there unseen.
        bool isFresh = known is not { } last
            || (expectedPosition is { } expected && expected != last.Position)
            || (last.Offset > 0 && last.RolledOver(_limits.MaxBlocks, _limits.MaxBytes).Offset == 0);
        LogLocation end = isFresh ? await EndAsync(stream, cancellationToken) : known!.Value;
        var id = Guid.NewGuid();
        while (true)
        {
            if (expectedPosition is { } wanted && wanted != end.Position)
            {
                if (isFresh)
                {
                    throw new AgentException(
                        ErrorCode.PositionConflict,
                        $"The stream '{stream}' ends at {end.Position}, not at {wanted}; read it and decide again.");
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
            LogChunk chunk = await _segments.ReadAsync(stream, place, cancellationToken);
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

            (end, isFresh) = (chunk is { Blocks.Count: > 0, IsLast: true }
                ? chunk.End
                : await EndAsync(stream, cancellationToken), true);
        }
    }

    private async Task<bool> TryWriteAsync(string stream, LogLocation place, byte[] block, CancellationToken cancellationToken)
    {
        BlobContainerClient container = await _segments.ContainerAsync();
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
            catch (RequestFailedException e) when (e.IsElsewhere() || e.IsMissing())
            {
                return false;
            }
        }
    }

    /// <summary>Where the stream ends at present.</summary>
    private async Task<LogLocation> EndAsync(string stream, CancellationToken cancellationToken)
    {
        LogLocation place = _places.Last(stream) ?? await _segments.FindAsync(stream, long.MaxValue, cancellationToken);
        while (true)
        {
            LogChunk chunk = await _segments.ReadAsync(stream, place, cancellationToken);
            if (chunk.IsGone)
            {
                // Deleted, and perhaps begun anew, since this place was remembered.
                _places.Forget(stream);
                place = await _segments.FindAsync(stream, long.MaxValue, cancellationToken);
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
}

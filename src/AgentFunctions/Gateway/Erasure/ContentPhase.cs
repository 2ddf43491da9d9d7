using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Storage;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Deletes what was said and done in a tree: messages, arguments, results, files. The records of its runs stay.
/// </summary>
internal sealed class ContentPhase(TreeContents contents, TreeBlobs blobs, QuestionWaiters waiters,
    Transcript transcript, CallLedger ledger) : IErasePhase
{
    public const string Name = "content";

    /// <summary>How many runs a step takes.</summary>
    private const int Portion = 20;

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> ids = await contents.RunsAsync(input.Root, input.Cursor, Portion, cancellationToken)
            .ConfigureAwait(false);
        // First what waits for answers: only the questions lead to it.
        (int waiting, bool areLeft) = await waiters.PurgeAsync(ids, cancellationToken).ConfigureAwait(false);
        var counts = new EraseCounts { Instances = waiting };
        if (areLeft)
        {
            return new EraseProgress { HasMore = true, Cursor = input.Cursor, Wait = TimeSpan.FromSeconds(1), Counts = counts };
        }

        foreach (string id in ids)
        {
            foreach (string hash in await contents.HashesAsync(id, cancellationToken).ConfigureAwait(false))
            {
                counts = counts with
                {
                    Contents = counts.Contents + await blobs.DropAsync(hash, input.Root, cancellationToken)
                    .ConfigureAwait(false)
                };
            }

            List<string> keys = [.. (await contents.ApprovalsAsync(id, cancellationToken)
                .ConfigureAwait(false)).Select(static approval => $"approvals/{approval}")];
            keys.AddRange((await contents.QuestionIdsAsync(id, cancellationToken)
                .ConfigureAwait(false)).Select(static question => $"questions/{question}"));
            foreach (string name in RunNames.Records.Except(RunNames.Numbers))
            {
                await foreach (StoredRecord record in contents.RecordsAsync(name, id, cancellationToken).ConfigureAwait(false))
                {
                    keys.Add(record.Key);
                }
            }

            await InParallel.ForEachAsync(keys, key => contents.DeleteAsync(key, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            await InParallel.ForEachAsync(
                RunNames.Streams, name => contents.Logs.DeleteAsync($"{name}/{id}", cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            transcript.Forget(id);
            ledger.Forget(id);
            counts = counts with
            {
                Runs = counts.Runs + 1,
                Records = counts.Records + keys.Count,
                Streams = counts.Streams + RunNames.Streams.Count
            };
        }

        return new EraseProgress { HasMore = ids.Count == Portion, Cursor = ids.Count == 0 ? null : ids[^1], Counts = counts };
    }
}

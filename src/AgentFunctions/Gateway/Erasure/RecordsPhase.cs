using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Deletes all that is stored about the runs of a tree: the sub-agents first, the record of each run last, that of the root at
/// the end.
/// </summary>
internal sealed class RecordsPhase(TreeContents contents, TreeBlobs blobs, RunStore runs, RequestKeys requests) : IErasePhase
{
    public const string Name = "records";

    /// <summary>After so many deletions a step ends, and the next goes on with what is left.</summary>
    private const int MostDeletions = 500;

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        var counts = new EraseCounts();
        while (counts.Records + counts.Streams < MostDeletions)
        {
            IReadOnlyList<string> ids = await contents.RunsAsync(input.Root, input.Root, 1, cancellationToken)
                .ConfigureAwait(false);
            string run = ids.Count > 0 ? ids[0] : input.Root;
            counts = counts.Plus(await DeleteAsync(input.Root, run, cancellationToken).ConfigureAwait(false));
            if (run == input.Root)
            {
                return new EraseProgress { Counts = counts };
            }
        }

        return new EraseProgress { HasMore = true, Counts = counts };
    }

    private async Task<EraseCounts> DeleteAsync(string root, string run, CancellationToken cancellationToken)
    {
        int contentsGone = 0;
        foreach (string hash in await contents.HashesAsync(run, cancellationToken).ConfigureAwait(false))
        {
            contentsGone += await blobs.DropAsync(hash, root, cancellationToken).ConfigureAwait(false);
        }

        // What leads to these goes after them.
        string[] approvals = [.. await contents.ApprovalsAsync(run, cancellationToken).ConfigureAwait(false)];
        string[] questions = [.. await contents.QuestionIdsAsync(run, cancellationToken).ConfigureAwait(false)];
        List<string> keys = [.. approvals.Select(static id => $"approvals/{id}"), .. questions.Select(static id => $"questions/{id}")];
        int records = keys.Count;
        foreach (string subject in (IEnumerable<string>)[run, .. approvals, .. questions])
        {
            StoredRecord[] claims = await contents.RecordsAsync(RunNames.Claims, subject, cancellationToken)
                .ToArrayAsync(cancellationToken).ConfigureAwait(false);
            bool[] freed = await InParallel.SelectAsync(
                claims, claim => requests.ForgetAsync(subject, claim.Key[(claim.Key.LastIndexOf('/') + 1)..], cancellationToken),
                cancellationToken).ConfigureAwait(false);
            records += freed.Sum(static isOwn => isOwn ? 2 : 1);
        }

        await DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
        foreach (string name in RunNames.Records)
        {
            keys.Clear();
            await foreach (StoredRecord record in contents.RecordsAsync(name, run, cancellationToken).ConfigureAwait(false))
            {
                keys.Add(record.Key);
            }

            await DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
            records += keys.Count;
        }

        await InParallel.ForEachAsync(
            RunNames.Streams, name => contents.Logs.DeleteAsync($"{name}/{run}", cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        await contents.DeleteAsync(TreeContents.RunKey(run), cancellationToken).ConfigureAwait(false);
        runs.Forget(run);
        return new EraseCounts { Runs = 1, Records = records + 1, Streams = RunNames.Streams.Count, Contents = contentsGone };
    }

    private Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken) =>
        InParallel.ForEachAsync(keys, key => contents.DeleteAsync(key, cancellationToken), cancellationToken);
}

using AgentFunctions.Governance.Audit;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Says what erasing a tree would do.</summary>
internal sealed class ErasurePlans(ErasureRules rules, TreeContents contents, TreeStates states, ContentRefs refs, AuditLog audit)
{
    private const int Portion = 200;

    /// <summary>Looks, and touches nothing.</summary>
    /// <param name="run">The root of the tree.</param>
    /// <param name="request">What would be asked for.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public async Task<ErasurePlan> OfAsync(RunRecord run, EraseRequest request, CancellationToken cancellationToken)
    {
        var records = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var entries = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        int runs = 0;
        string? after = null;
        while (await contents.RunsAsync(run.Id, after, Portion, cancellationToken).ConfigureAwait(false) is { Count: > 0 } ids)
        {
            foreach (string id in ids)
            {
                runs++;
                hashes.UnionWith(await contents.HashesAsync(id, cancellationToken).ConfigureAwait(false));
                await CountAsync(id, records, entries, cancellationToken).ConfigureAwait(false);
            }

            after = ids[^1];
        }

        int shared = 0;
        foreach (string hash in hashes)
        {
            shared += await refs.OthersAsync(hash, run.Id, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        }

        return new ErasurePlan(run.Id)
        {
            Refusal = await RefusalAsync(run, request, cancellationToken).ConfigureAwait(false),
            Runs = runs,
            Records = records,
            Entries = entries,
            Contents = hashes.Count,
            SharedContents = shared,
            Workspace = run.Workspace,
            Notes = await SharedPhase.NotesAsync(contents, new ErasingTree(run.Id), cancellationToken)
                .ToArrayAsync(cancellationToken).ConfigureAwait(false),
            UnknownEffects = await states.UnknownEffectsAsync(run.Id, cancellationToken).ConfigureAwait(false),
            AuditEntriesInClear = await audit.CountInClearAsync(run.Id, cancellationToken).ConfigureAwait(false),
        };
    }

    private async Task CountAsync(
        string id, SortedDictionary<string, int> records, SortedDictionary<string, long> entries,
        CancellationToken cancellationToken)
    {
        foreach (string name in RunNames.Records)
        {
            int count = await contents.RecordsAsync(name, id, cancellationToken).CountAsync(cancellationToken)
                .ConfigureAwait(false);
            records[name] = records.GetValueOrDefault(name) + count;
        }

        foreach (string name in RunNames.Streams)
        {
            long length = await contents.Logs.GetLengthAsync($"{name}/{id}", cancellationToken).ConfigureAwait(false);
            entries[name] = entries.GetValueOrDefault(name) + length;
        }
    }

    private async Task<string?> RefusalAsync(RunRecord run, EraseRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await rules.EnsureAsync(run, request.Force, request.Cancel, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunHeld or ErrorCode.RunStateForbids)
        {
            return e.Message;
        }
    }
}

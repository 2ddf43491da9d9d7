using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Enters that what was said and done in a tree is being erased, though the tree is kept. Nothing takes it up from now on.
/// </summary>
internal sealed class EmptyPhase(ErasureRules rules, IRecordStore records, AuditLog audit, RunIndexLog index, RunStore runs,
    TimeProvider time) : IErasePhase
{
    public const string Name = "empty";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(input.Root, cancellationToken).ConfigureAwait(false) is not { } run)
        {
            return new EraseProgress { Refused = $"There is no run '{input.Root}'." };
        }

        string key = EmptiedRuns.KeyOf(run.Id);
        if (await records.GetAsync(key, cancellationToken).ConfigureAwait(false) is null)
        {
            try
            {
                await rules.EnsureAsync(run, input.Force, false, cancellationToken).ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code is ErrorCode.RunHeld or ErrorCode.RunStateForbids)
            {
                return new EraseProgress { Refused = e.Message };
            }

            await audit.AppendAsync(
                new AuditEntry(AuditTypes.RunEmptied)
                {
                    RunId = run.Id,
                    RootId = run.Id,
                    Requester = run.Requester,
                    Actor = input.By,
                    Reason = input.Reason
                },
                cancellationToken).ConfigureAwait(false);
            await records.PutAsync(key, EmptiedRuns.Write(time.GetUtcNow()), default, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            // Whoever took it up between the look and the mark has not seen that one.
            await rules.EnsureEndedAsync(run, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.RunStateForbids)
        {
            await records.DeleteAsync(key, default, cancellationToken).ConfigureAwait(false);
            return new EraseProgress { Refused = e.Message };
        }

        if (await runs.Erased.FindAsync(run.Id, cancellationToken).ConfigureAwait(false) is not null)
        {
            // All of it is being erased by now: what this wrote must not be left behind.
            await records.DeleteAsync(key, default, cancellationToken).ConfigureAwait(false);
            return new EraseProgress { Refused = $"Run '{input.Root}' is being erased." };
        }

        await index.AppendAsync([new RunIndexEntry(RunIndexEntry.Emptied, run.Id, time.GetUtcNow().UtcTicks)], cancellationToken)
            .ConfigureAwait(false);
        return new EraseProgress();
    }
}

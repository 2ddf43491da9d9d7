using AgentFunctions.Governance.Audit;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Looks once more whether a tree may be erased, and enters that it is: from now on nobody finds it.</summary>
internal sealed class MarkPhase(ErasureRules rules, ErasedRuns erased, AuditLog audit, RunStore runs,
    TimeProvider time) : IErasePhase
{
    public const string Name = "mark";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        ErasedRun? known = await erased.FindAsync(input.Root, cancellationToken).ConfigureAwait(false);
        if (known is null)
        {
            if (await runs.FindAsync(input.Root, cancellationToken).ConfigureAwait(false) is not { } run)
            {
                return new EraseProgress { Refused = $"There is no run '{input.Root}'." };
            }

            try
            {
                await rules.EnsureAsync(run, input.Force, false, cancellationToken).ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code is ErrorCode.RunHeld or ErrorCode.RunStateForbids)
            {
                return new EraseProgress { Refused = e.Message };
            }

            known = new ErasedRun(input.Root, run.Requester, input.By, time.GetUtcNow(), input.Reason);
            await erased.PutAsync(known, cancellationToken).ConfigureAwait(false);
        }

        runs.Forget(input.Root);
        if (!known.IsAudited)
        {
            // A crash before the next line leads to a second entry, which says the same.
            await audit.AppendAsync(
                new AuditEntry(AuditTypes.RunErased)
                {
                    RunId = known.Run,
                    RootId = known.Run,
                    Requester = known.Requester,
                    Actor = known.By,
                    Reason = input.Force ? $"{known.Reason} (forced: nobody can tell any more whether calls without an outcome took effect)" : known.Reason,
                },
                cancellationToken).ConfigureAwait(false);
            await erased.PutAsync(known with { IsAudited = true }, cancellationToken).ConfigureAwait(false);
        }

        return new EraseProgress();
    }
}

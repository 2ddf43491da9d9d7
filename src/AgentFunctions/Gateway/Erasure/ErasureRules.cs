using AgentFunctions.Gateway.Holds;
using AgentFunctions.Ledger;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Says whether a tree may be erased.</summary>
internal sealed class ErasureRules(HoldStore holds, TreeStates states, RunStore runs)
{
    private const int MostNamed = 5;

    /// <summary>Ensures that a tree may be erased.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="force">Whether calls without an outcome are no reason against it.</param>
    /// <param name="cancel">
    /// Whether it is ended first if it is alive; what its calls have come to is then looked at afterwards.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunHeld"/>: a legal hold keeps it. <see cref="ErrorCode.RunStateForbids"/>: it is alive, or has calls
    /// of which nobody knows whether they took effect.
    /// </exception>
    public async Task EnsureAsync(RunRecord root, bool force, bool cancel, CancellationToken cancellationToken)
    {
        if (await HoldOfAsync(root, cancellationToken).ConfigureAwait(false) is { } hold)
        {
            throw new AgentException(ErrorCode.RunHeld,
                $"Run '{root.Id}' is kept by the legal hold '{hold.Name}'. Another person than who set it may lift it.");
        }

        IReadOnlyList<string> live = await states.LiveAsync(root.Id, cancellationToken).ConfigureAwait(false);
        if (live.Count > 0 && cancel)
        {
            return;
        }

        EnsureEnded(root, live);
        IReadOnlyList<PendingEffect> effects = force
            ? []
            : await states.UnknownEffectsAsync(root.Id, cancellationToken).ConfigureAwait(false);
        if (effects.Count > 0)
        {
            string calls = string.Join(", ",
                effects.Take(MostNamed).Select(static call => $"'{call.Tool}' ({call.RunId}/{call.Turn}/{call.Call})"));
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"Nobody knows whether {effects.Count} calls of run '{root.Id}' took effect: {calls}{(effects.Count > MostNamed ? ", …" : "")}. Find out, or add force=true "
                + "to give up what the ledger knows of them.");
        }
    }

    /// <summary>Ensures that no run of a tree is alive.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>: one is.</exception>
    public async Task EnsureEndedAsync(RunRecord root, CancellationToken cancellationToken) =>
        EnsureEnded(root, await states.LiveAsync(root.Id, cancellationToken).ConfigureAwait(false));

    private static void EnsureEnded(RunRecord root, IReadOnlyList<string> live)
    {
        if (live.Count > 0)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"Run '{root.Id}' is alive{(live[0] == root.Id ? "" : $": its sub-agent '{live[0]}' has not ended")}. Cancel it first, or add cancel=true.");
        }
    }

    /// <summary>Finds a hold that keeps a tree.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public async Task<Hold?> HoldOfAsync(RunRecord root, CancellationToken cancellationToken)
    {
        IReadOnlyList<Hold> held = await holds.InForceAsync(cancellationToken).ConfigureAwait(false);
        if (held.Count == 0)
        {
            return null;
        }

        if (held.FirstOrDefault(hold => hold.Keeps(root)) is { } found)
        {
            return found;
        }

        await foreach (RunRecord run in runs.ListDescendantsAsync(root.Id, cancellationToken).ConfigureAwait(false))
        {
            if (held.FirstOrDefault(hold => hold.Keeps(run)) is { } below)
            {
                return below;
            }
        }

        return null;
    }
}

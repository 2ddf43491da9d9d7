using AgentFunctions.Loop;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Has the store give back what was deleted.</summary>
internal sealed class ReclaimPhase(IStoreMaintenance? maintenance = null) : IErasePhase
{
    public const string Name = "reclaim";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken) =>
        await StoreReclaim.TryAsync(maintenance, input, cancellationToken).ConfigureAwait(false) ?? new EraseProgress();
}

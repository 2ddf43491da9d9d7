using AgentFunctions.Core;
using AgentFunctions.Governance.Options;
using AgentFunctions.Keys;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Hosting;

/// <summary>
/// Sees to it that a key folder has its own keys from the first start on, so that none is ever taken from the store later.
/// </summary>
internal sealed class KeyFolderStart(TreeKeys keys, IOptions<GovernanceOptions> options) : ProcessService
{
    // By now the engine runs, in whose store the keys of before may lie.
    public override async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeyFolder is not null)
        {
            await keys.GetAsync(TreeKeys.HostTree, cancellationToken).ConfigureAwait(false);
        }
    }
}

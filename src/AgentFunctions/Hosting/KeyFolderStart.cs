using AgentFunctions.Governance;
using AgentFunctions.Keys;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Hosting;

/// <summary>Sees to it that a key folder has its own keys from the first start on, so that none is ever taken from the store later.</summary>
internal sealed class KeyFolderStart(TreeKeys keys, IOptions<GovernanceOptions> options) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeyFolder is not null)
        {
            await keys.GetAsync(TreeKeys.HostTree, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

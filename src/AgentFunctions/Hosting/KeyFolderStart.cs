using AgentFunctions.Core;
using AgentFunctions.Governance.Options;
using AgentFunctions.Keys;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Hosting;

/// <summary>Sees to it that a key folder has its own keys from the first start on, so that none is ever taken from the store later.</summary>
internal sealed class KeyFolderStart(TreeKeys keys, IOptions<GovernanceOptions> options) : IHostedLifecycleService, IProcessService
{
    // By now the engine runs, in whose store the keys of before may lie.
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeyFolder is not null)
        {
            await keys.GetAsync(TreeKeys.HostTree, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using AgentFunctions.Tools;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.OpenApi;

/// <summary>Says when the host starts which descriptions in files cannot be used.</summary>
internal sealed class OpenApiStart(IEnumerable<IToolSource> sources) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (OpenApiToolSource source in sources.OfType<OpenApiToolSource>())
        {
            await source.CheckAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using AgentFunctions.Runs;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Keeps a host from starting whose runs would work in a folder that governs them.</summary>
internal sealed class GoverningLayout(ProtectedPaths paths, IOptions<RunOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Ensure(nameof(RunOptions.Workspace), options.Value.Workspace);
        Ensure(nameof(RunOptions.WorkspaceRoot), options.Value.WorkspaceRoot);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Ensure(string field, string? folder)
    {
        if (folder is not null && paths.Find(Path.GetFullPath(folder)) is { } governing)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"{field}: '{folder}' belongs to what governs the runs of this host ({governing.What}, '{governing.Path}'); choose a folder apart from it.");
        }
    }
}

using AgentFunctions;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Snapshots;
using AgentFunctions.Storage;
using AgentFunctions.ToolCalls;
using AgentFunctions.Views;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what keeps the changes of folders.</summary>
internal static class SnapshotServiceCollectionExtensions
{
    private const string Setting = "Workspace:Snapshots";

    public static void AddSnapshots(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RunOptions>().PostConfigure(options => options.Snapshots = Read(configuration) ?? options.Snapshots);
        services.TryAddSingleton<IWriteGroups, SeparateWrites>();
        services.TryAddSingleton<SnapshotLog>();
        services.TryAddSingleton<SnapshotContents>();
        services.TryAddSingleton<FolderSnapshots>();
        services.TryAddSingleton<CallCaptures>();
        services.TryAddSingleton<TurnEnds>();
        services.TryAddSingleton<RestoreQuestions>();
        services.TryAddSingleton<RestoreAnswers>();
        services.TryAddSingleton<EffectsLeft>();
        services.TryAddSingleton<FolderRestore>();
        services.TryAddSingleton<RewindReports>();
        services.TryAddSingleton(static provider => new RunFolder(
            provider.GetRequiredService<FolderSnapshots>(), provider.GetRequiredService<TurnEnds>(),
            provider.GetRequiredService<FolderRestore>(),
            provider.GetRequiredService<RunStore>(), provider.GetRequiredService<RunReader>(),
            provider.GetService<ProtectedPaths>()));
        services.TryAddSingleton(static provider => new RunRewind(
            provider.GetRequiredService<RunFolder>(), provider.GetRequiredService<RunForking>(),
            provider.GetRequiredService<RunSteering>(),
            provider.GetRequiredService<RunReader>(), provider.GetRequiredService<RewindReports>(),
            provider.GetRequiredService<TimeProvider>()));
    }

    private static SnapshotMode? Read(IConfiguration configuration) => configuration[Setting] is not { Length: > 0 } text ? null
        : Enum.TryParse(text, true, out SnapshotMode mode) && Enum.IsDefined(mode) ? mode
        : throw new AgentException(ErrorCode.InvalidInput, $"{Setting}: '{text}' is not a valid mode. Use Off, Writes or All.");
}

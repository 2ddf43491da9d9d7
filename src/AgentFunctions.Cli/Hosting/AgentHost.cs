using AgentFunctions.Governance.Options;
using AgentFunctions.Sqlite;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Cli.Hosting;

/// <summary>What a host of this program is made of.</summary>
/// <param name="Data">The full path of the folder that keeps all runs.</param>
/// <param name="Agents">The folder of agent files; <see langword="null"/> for the built-in agent.</param>
/// <param name="Workspace">The full path of the folder that every run works in; <see langword="null"/> for a folder each.</param>
/// <param name="Commands">The programs that agents may run.</param>
/// <param name="McpFiles">The files of tool servers, in the <c>.mcp.json</c> form.</param>
internal sealed record AgentHostSettings(
    string Data, string? Agents, string? Workspace, IReadOnlyList<string> Commands, IReadOnlyList<string> McpFiles)
{
    /// <summary>Where <c>appsettings.json</c> is read: the working folder, if it is trusted.</summary>
    public required string ContentRoot { get; init; }

    /// <summary>Where runs have folders of their own.</summary>
    public string WorkspaceRoot => Path.Combine(Data, "workspaces");
}

/// <summary>The runtime on the embedded engine, as <c>serve</c> and <c>run</c> both use it.</summary>
internal static class AgentHost
{
    public static void AddAgents(this IHostApplicationBuilder builder, AgentHostSettings settings)
    {
        CreateData(settings.Data);
        builder.AddTelemetry();
        builder.Services.AddAgentFunctions(builder.Configuration, options =>
        {
            options.Workspace = settings.Workspace;
            options.WorkspaceRoot = settings.Workspace is null ? settings.WorkspaceRoot : null;
        });
        builder.Services.AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors();
        foreach (GoverningPath governing in GoverningPaths(settings))
        {
            builder.Services.AddSingleton(governing);
        }

        // Apart from the data file: whoever can change that must not be able to sign the change.
        builder.Services.PostConfigure<GovernanceOptions>(options => options.KeyFolder ??= Path.Combine(settings.Data, "keys"));
        builder.Services.AddSqliteEngine(options => options.DataFile = Path.Combine(settings.Data, DataLocation.FileName));
        builder.Services.AddWorkspaceTools(options => options.AllowedCommands.UnionWith(settings.Commands));
        foreach (string file in settings.McpFiles)
        {
            builder.Services.AddMcpServersFrom(file);
        }

        if (settings.Agents is { } folder)
        {
            builder.Services.AddAgentsFrom(folder);
        }
        else
        {
            builder.Services.AddAgent(BuiltInAgents.Lead);
        }
    }

    // A folder that this makes is its user's alone; one that was there stays as its owner made it.
    private static void CreateData(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    // Those that are not there yet would be read by the next command.
    private static IEnumerable<GoverningPath> GoverningPaths(AgentHostSettings settings)
    {
        yield return new GoverningPath(settings.Data, "the data folder") { IsSecret = true, Except = settings.WorkspaceRoot };
        yield return new GoverningPath(DataFolder.Home, "the state of the host")
        {
            IsSecret = true,
            Except = settings.WorkspaceRoot,
        };
        yield return new GoverningPath(Path.Combine(DataFolder.EarlierName, DataLocation.FileName), "the data file")
        {
            IsSecret = true,
            WithSiblings = true,
        };
        yield return new GoverningPath(Path.Combine(DataFolder.EarlierName, "keys"), "the host's keys") { IsSecret = true };
        yield return new GoverningPath(FolderContent.Agents, "the agents");
        yield return new GoverningPath("appsettings", "the host's configuration") { WithSiblings = true };
        foreach (string folder in new[] { Environment.CurrentDirectory,
            settings.Workspace ?? Environment.CurrentDirectory }.Distinct())
        {
            yield return new GoverningPath(Path.Combine(folder, ".mcp.json"), "the tool servers");
        }
    }

    /// <summary>Logs go to the standard error stream, so that the output stays what the command is for.</summary>
    public static void AddLogs(this IHostApplicationBuilder builder, LogLevel least)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(static options =>
        {
            options.SingleLine = true;
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            static options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(least);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        // A start that fails is reported by the program, in one line.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    }
}

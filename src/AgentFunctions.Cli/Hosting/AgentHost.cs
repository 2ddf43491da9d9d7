using AgentFunctions.Sqlite;
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
    string Data, string? Agents, string? Workspace, IReadOnlyList<string> Commands, IReadOnlyList<string> McpFiles);

/// <summary>The runtime on the embedded engine, as <c>serve</c> and <c>run</c> both use it.</summary>
internal static class AgentHost
{
    public static void AddAgents(this IHostApplicationBuilder builder, AgentHostSettings settings)
    {
        Directory.CreateDirectory(settings.Data);
        builder.Services.AddAgentFunctions(builder.Configuration, options =>
        {
            options.Workspace = settings.Workspace;
            options.WorkspaceRoot = settings.Workspace is null ? Path.Combine(settings.Data, "workspaces") : null;
        });
        builder.Services.AddSqliteEngine(options => options.DataFile = Path.Combine(settings.Data, "agentfunctions.db"));
        builder.Services.AddWorkspaceTools(options =>
        {
            options.AllowedCommands.UnionWith(settings.Commands);
            options.SkippedFolders.Add(Path.GetFileName(settings.Data));
        });
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

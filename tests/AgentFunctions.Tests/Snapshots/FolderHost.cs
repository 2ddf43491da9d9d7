using AgentFunctions.Agents;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>Hosts whose runs work in folders, with a shell.</summary>
internal static class FolderHost
{
    /// <summary>Starts a host whose runs have folders of their own.</summary>
    public static Task<RunHost> StartAsync(
        Func<ChatRequest, ChatReply> script, Action<AgentBuilder>? agent = null, params (string, string)[] settings) =>
        StartAsync(
            static (options, engine) => options.WorkspaceRoot = Path.Combine(Path.GetDirectoryName(engine.Value.DataFile)!,
                "folders"),
            script, agent, settings);

    /// <summary>Starts a host whose runs share a folder.</summary>
    public static Task<RunHost> StartSharedAsync(
        string folder, Func<ChatRequest, ChatReply> script, Action<AgentBuilder>? agent = null,
        params (string, string)[] settings) =>
        StartAsync((options, _) => options.Workspace = folder, script, agent, settings);

    /// <summary>Starts a host whose runs share a folder, with somebody who leaves in the middle of something.</summary>
    public static Task<RunHost> StartSharedAsync(string folder, LeavingCaller caller, Func<ChatRequest, ChatReply> script) =>
        StartAsync((options, _) => options.Workspace = folder, script, null, [], caller.Install);

    /// <summary>Starts a host whose runs share a folder, with further services.</summary>
    public static Task<RunHost> StartSharedWithAsync(
        string folder, Action<IServiceCollection> services, Func<ChatRequest, ChatReply> script,
        params (string, string)[] settings) =>
        StartAsync((options, _) => options.Workspace = folder, script, null, settings, services);

    public static ChatReply Write(string path, string content) => ChatReply.Call("write_file", new { path, content });

    public static ChatReply Shell(string script) =>
        ChatReply.Call("run_command", new { command = "sh", arguments = new[] { "-c", script } });

    /// <summary>What is in a folder, as text: kind, permissions, and content or target of each entry.</summary>
    public static IReadOnlyList<string> Contents(string folder) =>
    [
        .. new DirectoryInfo(folder).EnumerateFileSystemInfos("*",
            new EnumerationOptions { AttributesToSkip = 0, RecurseSubdirectories = true })
            .Select(entry => $"{Path.GetRelativePath(folder, entry.FullName)} " + (entry.LinkTarget is { } target ? $"-> {target}"
                : $"{Convert.ToString((int)entry.UnixFileMode, 8)} "
                    + (entry is FileInfo file ? Convert.ToBase64String(File.ReadAllBytes(file.FullName)) : "/")))
            .Order(StringComparer.Ordinal),
    ];

    private static Task<RunHost> StartAsync(
        Action<RunOptions, IOptions<SqliteEngineOptions>> options, Func<ChatRequest, ChatReply> script,
        Action<AgentBuilder>? agent,
        (string, string)[] settings, Action<IServiceCollection>? further = null) =>
        RunHost.StartAsync(
            services =>
            {
                services.AddOptions<RunOptions>().Configure(options);
                services.AddWorkspaceTools(tools => tools.AllowedCommands.Add("sh:*"));
                further?.Invoke(services);
            },
            script, null, definition =>
            {
                definition.WithTools("read_file", "write_file", "edit_file", "run_command");
                agent?.Invoke(definition);
            },
            settings);
}

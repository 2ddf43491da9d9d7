using System.CommandLine;
using AgentFunctions.Cli.Hosting;

namespace AgentFunctions.Cli.Commands;

/// <summary>The options of the commands that run agents themselves.</summary>
internal sealed class HostOptions
{
    public const string DefaultAgents = "agents";

    private readonly Option<string> _data = new("--data")
    {
        Description = "The folder that keeps all runs.",
        DefaultValueFactory = static _ => ".agentfunctions",
        HelpName = "DIR",
    };

    private readonly Option<string?> _agents = new("--agents")
    {
        Description = "The folder of agent files (*.md). By default ./agents where there is one, else a built-in agent named lead.",
        HelpName = "DIR",
    };

    private readonly Option<string[]> _commands = new("--allow-command")
    {
        Description = "A program that agents may run, by name; may be given several times.",
        HelpName = "NAME",
        DefaultValueFactory = static _ => [],
    };

    private readonly Option<string[]> _servers = new("--mcp-config")
    {
        Description = "A file of tool servers in the .mcp.json form, whose programs are started when they are needed; may be given several times.",
        HelpName = "FILE",
        DefaultValueFactory = static _ => [],
    };

    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_agents);
        command.Add(_commands);
        command.Add(_servers);
    }

    public AgentHostSettings Read(ParseResult parsed, string? workspace) => new(
        Path.GetFullPath(parsed.GetValue(_data)!),
        parsed.GetValue(_agents) ?? (Directory.Exists(DefaultAgents) ? DefaultAgents : null),
        workspace is null ? null : Path.GetFullPath(workspace),
        parsed.GetValue(_commands)!,
        parsed.GetValue(_servers)!);
}

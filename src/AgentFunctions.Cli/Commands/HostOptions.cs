using System.CommandLine;
using AgentFunctions.Cli.Hosting;

namespace AgentFunctions.Cli.Commands;

/// <summary>The options of the commands that run agents themselves.</summary>
internal sealed class HostOptions
{
    private readonly Option<string?> _data = new("--data")
    {
        Description = "The folder that keeps all runs. By default one for the workspace, outside of it, in the user's state folder.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _agents = new("--agents")
    {
        Description = "The folder of agent files (*.md). By default ./agents where there is one and the folder is trusted, else a built-in agent named lead.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _trust = new("--trust")
    {
        Description = "Trust the working folder: load its ./agents and appsettings.json, now and later, as long as they do not change.",
    };

    private readonly Option<string[]> _commands = new("--allow-command")
    {
        Description = "A program that agents may run, by name, in the forms that are known for it; NAME:* for any arguments. May be given several times.",
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
        command.Add(_trust);
        command.Add(_commands);
        command.Add(_servers);
    }

    public AgentHostSettings Read(ParseResult parsed, string? workspace)
    {
        string? agents = parsed.GetValue(_agents);
        bool isTrusted = FolderTrust.Decide(withAgents: agents is null, parsed.GetValue(_trust));
        DataLocation data = parsed.GetValue(_data) is { } given
            ? new DataLocation(Path.GetFullPath(given), null)
            : DataLocation.Of(workspace ?? Environment.CurrentDirectory);
        if (data.Note is { } note)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        return new AgentHostSettings(
            data.Folder,
            agents ?? (isTrusted && Directory.Exists(FolderContent.Agents) ? FolderContent.Agents : null),
            workspace is null ? null : Path.GetFullPath(workspace),
            parsed.GetValue(_commands)!,
            parsed.GetValue(_servers)!)
        {
            // What lies beside the program is the host's own.
            ContentRoot = isTrusted ? Environment.CurrentDirectory : AppContext.BaseDirectory,
        };
    }
}

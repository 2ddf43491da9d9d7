using System.CommandLine;
using AgentFunctions.Cli.Hosting;

namespace AgentFunctions.Cli.Commands;

/// <summary>The options of a host that serves. <c>doctor</c> takes them too, since it looks at the host that they make.</summary>
internal sealed class ServeOptions
{
    private readonly Option<string> _urls = new("--urls")
    {
        Description = "Where to listen, separated by semicolons. Beyond this machine it takes an API key.",
        DefaultValueFactory = static _ => "http://127.0.0.1:7071",
        HelpName = "URLS",
    };

    private readonly Option<string?> _workspace = new("--workspace")
    {
        Description = "The folder that every run works in. By default each run gets a folder of its own under --data.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _doors = new("--doors")
    {
        Description = $"The protocols to serve beside the HTTP API, separated by commas: {DoorNames.All}, or none. "
            + "By default what the setting Doors:Open says, or all of them.",
        HelpName = "NAMES",
    };

    private readonly HostKey _key = new();
    private readonly HostOptions _host = new();

    public void AddTo(Command command)
    {
        command.Add(_urls);
        command.Add(_workspace);
        command.Add(_doors);
        _key.AddTo(command);
        _host.AddTo(command);
    }

    public ServeSettings Read(ParseResult parsed) => new(
        _host.Read(parsed, parsed.GetValue(_workspace)),
        parsed.GetValue(_urls)!.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        _key.Read(parsed),
        DoorNames.Read(parsed.GetValue(_doors)));
}

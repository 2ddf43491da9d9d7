using System.CommandLine;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary>The options of the commands that speak to a server.</summary>
internal sealed class ServerOptions
{
    /// <summary>Holds the key that this program sends to a server.</summary>
    public const string KeyVariable = "AGENTFUNCTIONS_API_KEY";

    private readonly Option<string> _server = new("--server")
    {
        Description = "The server's address.",
        DefaultValueFactory = static _ => "http://127.0.0.1:7071",
        HelpName = "URL",
    };

    private readonly Option<string?> _key = new("--api-key")
    {
        Description = $"The caller's key. By default the environment variable {KeyVariable}, which other users of the machine cannot see.",
        HelpName = "KEY",
    };

    public void AddTo(Command command)
    {
        command.Add(_server);
        command.Add(_key);
    }

    public ApiClient Connect(ParseResult parsed) => new(
        parsed.GetValue(_server)!,
        parsed.GetValue(_key) ?? Environment.GetEnvironmentVariable(KeyVariable) switch { "" => null, var key => key });
}

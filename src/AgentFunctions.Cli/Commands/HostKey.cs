using System.CommandLine;

namespace AgentFunctions.Cli.Commands;

/// <summary>
/// The key of a host that this program is. It has every role, so it is never taken from the variable of the key that the program
/// sends to other servers, which may have fewer.
/// </summary>
internal sealed class HostKey
{
    private const string Variable = "AGENTFUNCTIONS_HOST_KEY";

    private readonly Option<string?> _key = new("--api-key")
    {
        Description = $"The host's own key, at least 16 characters: callers send it as a bearer token and have every role. "
            + $"By default the environment variable {Variable}, which other users of the machine cannot see, or Api:Key.",
        HelpName = "KEY",
    };

    public void AddTo(Command command) => command.Add(_key);

    public string? Read(ParseResult parsed) =>
        parsed.GetValue(_key) ?? Environment.GetEnvironmentVariable(Variable) switch { "" => null, var key => key };

    /// <summary>What to say to someone who set only the caller's key; <see langword="null"/> if nothing is to be said.</summary>
    /// <param name="hasKey">Whether the host has a key or trusts issuers.</param>
    public static string? Note(bool hasKey) =>
        hasKey || string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ServerOptions.KeyVariable))
            ? null
            : $"{ServerOptions.KeyVariable} is the key that this program sends to a server; it is not this server's key. "
                + $"Set {Variable}, --api-key or Api:Key to give this server one.";
}

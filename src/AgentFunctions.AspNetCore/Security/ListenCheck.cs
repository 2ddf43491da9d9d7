using System.Net;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Whoever can reach the API can have agents work: beyond this machine it takes authentication.</summary>
internal static class ListenCheck
{
    /// <summary>Refuses addresses that others can reach where nothing authenticates them.</summary>
    /// <param name="addresses">Where the host listens.</param>
    /// <param name="options">The host's own keys and issuers.</param>
    /// <param name="appAuthenticates">Whether the app signs its users in.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>.</exception>
    public static void Ensure(IEnumerable<string> addresses, ApiOptions options, bool appAuthenticates = false)
    {
        if (options.Key is null && options.Oidc.Count == 0 && !appAuthenticates
            && addresses.FirstOrDefault(address => !IsLocal(address)) is { } open)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"urls: {open} can be reached from other machines, and no API key is set. Set one (--api-key, "
                + "AGENTFUNCTIONS_HOST_KEY or Api:Key), let the app authenticate its users (AddAuthentication), or listen on "
                + "http://127.0.0.1.");
        }
    }

    /// <summary>Refuses addresses that others can reach.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>.</exception>
    public static void EnsureLocal(IEnumerable<string> addresses, string remedy)
    {
        if (addresses.FirstOrDefault(address => !IsLocal(address)) is { } open)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"urls: {open} can be reached from other machines. {remedy}");
        }
    }

    private static bool IsLocal(string address)
    {
        BindingAddress binding;
        try
        {
            binding = BindingAddress.Parse(address);
        }
        catch (FormatException)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"urls: '{address}' is not a valid address. Use, for example, http://127.0.0.1:7071.");
        }

        return binding.IsUnixPipe || binding.IsNamedPipe || IsLocalHost(binding.Host);
    }

    /// <summary>Whether a host name means this machine alone.</summary>
    public static bool IsLocalHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
}

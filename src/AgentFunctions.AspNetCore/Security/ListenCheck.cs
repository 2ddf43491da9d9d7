using System.Net;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Whoever can reach the API can have agents work: beyond this machine it takes a key.</summary>
internal static class ListenCheck
{
    /// <summary>Refuses addresses that others can reach where there is no key.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>.</exception>
    public static void Demand(IEnumerable<string> addresses, ApiOptions options)
    {
        if (options.Key is null && options.Oidc.Count == 0 && addresses.FirstOrDefault(address => !IsLocal(address)) is { } open)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"urls: {open} can be reached from other machines, and there is no API key. Set one (--api-key, "
                + "AGENTFUNCTIONS_API_KEY or Api:Key), or listen on http://127.0.0.1.");
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
            throw new AgentException(ErrorCode.InvalidInput, $"urls: '{address}' is no address; use for instance http://127.0.0.1:7071.");
        }

        return binding.IsUnixPipe || binding.IsNamedPipe || IsLocalHost(binding.Host);
    }

    /// <summary>Whether a host name means this machine alone.</summary>
    public static bool IsLocalHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
}

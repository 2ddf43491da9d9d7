using System.Net;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Decides whether a request comes from a program on this machine. Where nothing authenticates callers such a program has every
/// role, so neither another machine behind a proxy nor a page that gives its own host name this machine's address (DNS rebinding)
/// may pass for one.
/// </summary>
internal sealed class LocalPeer(IOptions<ApiOptions> options, ClientAddress addresses)
{
    private const string Remedy =
        "set Api:Key (the program: AGENTFUNCTIONS_HOST_KEY or --api-key), Api:Oidc, or let the app authenticate its users.";

    /// <summary>
    /// What proxies add; forwarding that the app has configured takes away what it has read, and proxies of Api:Proxies are
    /// believed.
    /// </summary>
    private static readonly string[] Forwarding =
        ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Real-IP", "Forwarded", "Via"];

    /// <summary>Refuses what is not from this machine.</summary>
    /// <exception cref="ProblemException">It is not.</exception>
    public void Ensure(HttpContext context)
    {
        bool isPassedOn = addresses.IsPassedOn(context);
        if (!IsLoopback(context.Connection.LocalIpAddress) || !IsLoopback(addresses.Of(context)))
        {
            throw Refusal($"This host has no API key, so it serves callers on its own machine only; to serve others, {Remedy}");
        }

        if (!isPassedOn && Array.Find(Forwarding, context.Request.Headers.ContainsKey) is { } header)
        {
            throw Refusal(
                $"This host has no API key, so it serves callers on its own machine only, and the header {header} says that a proxy has "
                + $"passed this request on; to serve others, {Remedy}");
        }

        string host = isPassedOn && context.Request.Headers["X-Forwarded-Host"] is [.., { } passed]
            ? new HostString(passed.Split(',')[^1].Trim()).Host
            : context.Request.Host.Host;
        if (!ListenCheck.IsLocalHost(host) && !options.Value.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            throw new ProblemException(
                StatusCodes.Status403Forbidden, "hostNotAllowed",
                "The header Host names neither this machine nor a host of Api:Hosts. Add the name there, or give callers credentials: "
                + "with them any name is served.");
        }
    }

    // Without an address the call is in-process, or came over a socket of this machine.
    private static bool IsLoopback(IPAddress? address) => address is null || IPAddress.IsLoopback(address);

    private static ProblemException Refusal(string detail) => new(StatusCodes.Status403Forbidden, "forbidden", detail);
}

using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Finds the address that a request comes from, through the proxies of <c>Api:Proxies</c> and no others.</summary>
internal sealed class ClientAddress(IOptions<ApiOptions> options)
{
    private readonly IPNetwork[] _proxies = [.. options.Value.Proxies.Select(static text => TryParse(text) ?? default)];

    /// <summary>A network, or one address; <see langword="null"/> for another text.</summary>
    public static IPNetwork? TryParse(string text) =>
        IPNetwork.TryParse(text, out IPNetwork network) ? network
            : IPAddress.TryParse(text, out IPAddress? address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : null;

    /// <summary>
    /// Whether a proxy that the host knows has passed a request on, so that what it says of the client is believed.
    /// </summary>
    public bool IsPassedOn(HttpContext context) => IsProxy(Plain(context.Connection.RemoteIpAddress));

    /// <summary>
    /// The address; each proxy appends the one that it was called from, so the last that is no proxy's is the client's.
    /// </summary>
    public IPAddress? Of(HttpContext context)
    {
        IPAddress? address = Plain(context.Connection.RemoteIpAddress);
        string[] passed = context.Request.Headers["X-Forwarded-For"].ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (int i = passed.Length - 1; i >= 0 && IsProxy(address); i--)
        {
            // With a port or without one; a client that the proxy does not name is nobody in particular.
            if (!IPEndPoint.TryParse(passed[i], out IPEndPoint? client))
            {
                return IPAddress.None;
            }

            address = Plain(client.Address);
        }

        return address;
    }

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true }
        ? address.MapToIPv4()
        : address;

    private bool IsProxy(IPAddress? address) => address is not null && Array.Exists(_proxies, proxy => proxy.Contains(address));
}

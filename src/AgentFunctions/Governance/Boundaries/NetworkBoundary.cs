using System.Net;
using System.Net.Sockets;

namespace AgentFunctions.Governance.Boundaries;

/// <summary>
/// Keeps HTTP calls whose address a model or a caller chose away from this machine's own network: the check is made on the address
/// that is really connected to, after name resolution and at every redirect.
/// </summary>
public static class NetworkBoundary
{
    /// <summary>A handler whose connections lead to public addresses alone.</summary>
    /// <param name="allowedHosts">Host names that may be reached wherever they lead, for instance a service of the same network.</param>
    public static SocketsHttpHandler CreateHandler(IReadOnlyCollection<string>? allowedHosts = null)
    {
        var allowed = new HashSet<string>(allowedHosts ?? [], StringComparer.OrdinalIgnoreCase);
        return new SocketsHttpHandler
        {
            // A proxy would resolve names by itself, and out of sight.
            UseProxy = false,
            MaxAutomaticRedirections = 5,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, allowed, cancellationToken),
        };
    }

    /// <summary>Whether an address belongs to the public internet.</summary>
    /// <param name="address">The address.</param>
    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        byte[] bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork ? IsPublicV4(bytes) : IsPublicV6(address, bytes);
    }

    private static bool IsPublicV4(byte[] b) => b[0] switch
    {
        0 or 10 or 127 => false,
        100 => b[1] is < 64 or > 127,
        169 => b[1] != 254,
        172 => b[1] is < 16 or > 31,
        192 => b[1] != 168 && !(b[1] == 0 && b[2] is 0 or 2),
        198 => b[1] is not (18 or 19 or 51),
        203 => !(b[1] == 0 && b[2] == 113),
        // Azure's platform address: metadata and DNS for the machines of its network.
        168 => !(b[1] == 63 && b[2] == 129 && b[3] == 16),
        >= 224 => false,
        _ => true,
    };

    private static bool IsPublicV6(IPAddress address, byte[] b)
    {
        // 6to4 and NAT64 carry an IPv4 address within.
        byte[]? inner = b switch
        {
            [0x20, 0x02, ..] => b[2..6],
            [0x00, 0x64, 0xff, 0x9b, ..] => b[12..],
            _ => null,
        };
        return (inner is null || IsPublicV4(inner))
            && (b[0] & 0xe0) == 0x20
            && !address.IsIPv6Teredo
            && b is not [0x20, 0x01, 0x0d, 0xb8, ..];
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, HashSet<string> allowed, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken).ConfigureAwait(false);
        if (!allowed.Contains(target.Host) && addresses.FirstOrDefault(address => !IsPublic(address)) is { } inside)
        {
            throw new AgentException(
                ErrorCode.NotAllowed, $"Rule 'network-boundary': '{target.Host}' leads to {inside}, which is not of the public internet. Nothing was sent.");
        }

        // Connected to the addresses that were checked: asked again, the name could give others.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

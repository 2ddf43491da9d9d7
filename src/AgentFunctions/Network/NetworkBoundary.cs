using System.Net;
using System.Net.Sockets;
using AgentFunctions.Governance.Options;

namespace AgentFunctions.Network;

/// <summary>
/// Keeps HTTP calls whose address a model or a caller chose away from this machine's own network: the check is made on the
/// address that is really connected to, after name resolution and at every redirect.
/// </summary>
internal static class NetworkBoundary
{
    /// <summary>A handler whose connections lead to public addresses alone.</summary>
    /// <param name="allowedHosts">
    /// What may be reached beside them, for instance a service of the same network: as <see cref="NetworkOptions.Allow"/> has it.
    /// </param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: an entry is no host, address or network.
    /// </exception>
    public static SocketsHttpHandler CreateHandler(IReadOnlyCollection<string>? allowedHosts = null) =>
        new NetworkGuard(allowedHosts ?? []).CreateHandler("");

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

    /// <summary>
    /// Whether an address is link-local or a cloud platform's own: where machines read their identity. No name leads there by
    /// anybody's good intention.
    /// </summary>
    internal static bool IsPlatform(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        byte[] inner = bytes.Length == 4 ? bytes : InnerV4(bytes) ?? bytes;
        // Of Azure, Alibaba and Oracle; the others' are link-local.
        return inner is [169, 254, ..] or [168, 63, 129, 16] or [100, 100, 100, 200] or [192, 0, 0, 192]
            || bytes is [0xfd, 0x00, 0x0e, 0xc2, ..] || address.IsIPv6LinkLocal;
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
        byte[]? inner = InnerV4(b);
        return (inner is null || IsPublicV4(inner))
            && (b[0] & 0xe0) == 0x20
            && !address.IsIPv6Teredo
            && b is not [0x20, 0x01, 0x0d, 0xb8, ..];
    }

    // 6to4, NAT64, and addresses that are mapped or compatible carry an IPv4 address within.
    private static byte[]? InnerV4(byte[] b) => b switch
    {
        [0x20, 0x02, ..] => b[2..6],
        [0x00, 0x64, 0xff, 0x9b, ..] => b[12..],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 or 0xff, 0 or 0xff, ..] => b[12..],
        _ => null,
    };
}

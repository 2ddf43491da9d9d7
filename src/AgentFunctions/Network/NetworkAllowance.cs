using System.Globalization;
using System.Net;
using AgentFunctions.Governance.Options;

namespace AgentFunctions.Network;

/// <summary>
/// One thing that may be reached although it is not public: a host by name, or a network; each with a port or any.
/// </summary>
internal sealed record NetworkAllowance
{
    private const string AnyBelow = "*.";

    private readonly string? _name;
    private readonly IPNetwork? _network;
    private readonly int? _port;

    private NetworkAllowance(string? name, IPNetwork? network, int? port) => (_name, _network, _port) = (name, network, port);

    /// <summary>The host of an address that an operator wrote, with its port.</summary>
    public static NetworkAllowance Of(string host, int port)
    {
        string name = host.Trim('[', ']');
        return IPAddress.TryParse(name, out IPAddress? address) ? Of(address, port) : new NetworkAllowance(name, null, port);
    }

    /// <summary>Reads an entry of <see cref="NetworkOptions.Allow"/>.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>.</exception>
    public static NetworkAllowance Parse(string text)
    {
        if (IPNetwork.TryParse(text, out IPNetwork network))
        {
            return new NetworkAllowance(null, network, null);
        }

        if (IPAddress.TryParse(text.Trim('[', ']'), out IPAddress? address))
        {
            return Of(address, null);
        }

        int colon = text.LastIndexOf(':');
        int? port = null;
        string host = text;
        if (colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number is > 0 and <= 65_535)
        {
            (host, port) = (text[..colon], number);
        }

        if (IPAddress.TryParse(host.Trim('[', ']'), out address))
        {
            return Of(address, port);
        }

        string name = host.StartsWith(AnyBelow, StringComparison.Ordinal) ? host[AnyBelow.Length..] : host;
        return Uri.CheckHostName(name) == UriHostNameType.Dns
            ? new NetworkAllowance(host, null, port)
            : throw new AgentException(
                ErrorCode.InvalidInput,
                $"Governance:Network:Allow: '{text}' is neither a host, an address nor a network; write for instance orders.corp.example, "
                + "*.corp.example:443, 127.0.0.1 or 10.0.0.0/8.");
    }

    /// <summary>Whether it names this host.</summary>
    public bool AllowsName(string host, int port) => _name is { } name && IsPort(port)
        && (name.StartsWith(AnyBelow, StringComparison.Ordinal)
            ? host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase)
            : host.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether it names this address.</summary>
    public bool AllowsAddress(IPAddress address, int port) => _network is { } network && IsPort(port)
        && network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static NetworkAllowance Of(IPAddress address, int? port) =>
        new(null, new IPNetwork(address, address.GetAddressBytes().Length * 8), port);

    private bool IsPort(int port) => _port is null || _port == port;
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using AgentFunctions.Governance.Options;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Network;

/// <summary>
/// Decides whether a connection may be made, on the address that is really connected to: after name resolution and at every
/// redirect. Public addresses are free; others need the configuration's word, or an operator's who named that very host.
/// </summary>
internal sealed class NetworkGuard
{
    private readonly NetworkAllowance[] _allowed;
    private readonly bool _usesProxy;
    private readonly ConcurrentDictionary<(string Client, NetworkAllowance Host), byte> _consents = new();

    public NetworkGuard(IOptions<GovernanceOptions> options, IEnumerable<NetworkConsents> consents)
        : this(options.Value.Network.Allow, options.Value.Network.UseProxy)
    {
        foreach (NetworkConsents one in consents)
        {
            foreach ((string host, int port) in one.Hosts)
            {
                Consent(one.Client, host, port);
            }
        }
    }

    internal NetworkGuard(IEnumerable<string> allowed, bool usesProxy = false) =>
        (_allowed, _usesProxy) = ([.. allowed.Select(NetworkAllowance.Parse)], usesProxy);

    /// <summary>Takes an address of the operator's own as leave to reach that host and port.</summary>
    public void Consent(string client, Uri address) => Consent(client, address.IdnHost, address.Port);

    /// <summary>A handler for one of the host's clients.</summary>
    public SocketsHttpHandler CreateHandler(string client) => new()
    {
        UseProxy = _usesProxy,
        MaxAutomaticRedirections = 5,
        // Names are looked up, and judged, anew from time to time.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(15),
        ConnectCallback = async (context, cancellationToken) => new NetworkStream(
            await ConnectAsync(client, context.DnsEndPoint, IsProxy(context), cancellationToken).ConfigureAwait(false),
            ownsSocket: true),
    };

    /// <summary>Connects.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.NotAllowed"/>: the name leads where it must not; nothing was sent.
    /// </exception>
    public Task<Socket> ConnectAsync(string client, string host, int port, CancellationToken cancellationToken) =>
        ConnectAsync(client, new DnsEndPoint(host, port), false, cancellationToken);

    private void Consent(string client, string host, int port) => _consents.TryAdd((client, NetworkAllowance.Of(host, port)), 0);

    private bool IsProxy(SocketsHttpConnectionContext context) =>
        _usesProxy && context.InitialRequestMessage.RequestUri is { } asked
        && (!asked.IdnHost.Equals(context.DnsEndPoint.Host, StringComparison.OrdinalIgnoreCase)
            || asked.Port != context.DnsEndPoint.Port);

    private async Task<Socket> ConnectAsync(string client, DnsEndPoint target, bool isProxy, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken).ConfigureAwait(false);
        if (!isProxy && addresses.FirstOrDefault(address => !Allows(client, target, address)) is { } inside)
        {
            throw new AgentException(
                ErrorCode.NotAllowed,
                $"Rule 'network-boundary': '{target.Host}' leads to {inside}, which is not of the public internet. Nothing was sent. "
                + "Where that is meant, an operator names it in Governance:Network:Allow.");
        }

        // Connected to the addresses that were checked: asked again, the name could give others.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool Allows(string client, DnsEndPoint target, IPAddress address)
    {
        if (NetworkBoundary.IsPublic(address))
        {
            return true;
        }

        bool isPlatform = NetworkBoundary.IsPlatform(address);
        bool Holds(NetworkAllowance allowed) => allowed.AllowsAddress(address, target.Port)
            || (!isPlatform && allowed.AllowsName(target.Host, target.Port));
        return _allowed.Any(Holds) || _consents.Keys.Any(consent => consent.Client == client && Holds(consent.Host));
    }
}

using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using AgentFunctions.Network;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Looks at the certificate that a server shows: whether it is trusted, and for how long it is still valid.</summary>
internal sealed class TlsCheck(NetworkGuard network) : ISignalCheck
{
    public bool Handles(SignalDefinition signal) => signal.Tls is not null;

    public async Task<Observation> LookAsync(
        SignalDefinition signal, SignalMemory last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        TlsSignal target = signal.Tls!;
        using Socket socket = await network.ConnectAsync(HttpCheck.HttpClientName, target.Host, target.Port, cancellationToken)
            .ConfigureAwait(false);
        using var stream = new NetworkStream(socket);
        SslPolicyErrors errors = SslPolicyErrors.None;
        // The handshake is let through so that an expired certificate can be reported as that; nothing is sent over it.
#pragma warning disable CA5359
        using var tls = new SslStream(stream, false, (_, _, _, found) =>
        {
            errors = found;
            return true;
        });
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = target.Host }, cancellationToken).ConfigureAwait(false);
        using X509Certificate2 certificate =
            X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.Export(X509ContentType.Cert));
        var expires = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        double days = Math.Round((expires - now).TotalDays, 1);
        string subject = $"the certificate of {target.Host} ({certificate.Subject})";
        string until = expires.ToString("u", CultureInfo.InvariantCulture);
        string? complaint = expires - now < target.ValidFor ? $"{subject} is valid until {until}"
            : errors != SslPolicyErrors.None ? $"{subject} is not trusted: {errors}"
            : null;
        return new Observation(signal.Name, complaint)
        {
            Value = days,
            Evidence = $"{certificate.Subject}, issued by {certificate.Issuer}, valid until {until}",
            Fingerprint = certificate.Thumbprint,
        };
    }
}

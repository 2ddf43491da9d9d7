using System.ComponentModel.DataAnnotations;

namespace AgentFunctions.AspNetCore;

/// <summary>How the HTTP API guards itself; bound to the configuration section <c>Api</c>.</summary>
public sealed class ApiOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Api";

    /// <summary>
    /// The key that callers send as <c>Authorization: Bearer</c>, at least 16 characters. By default
    /// <see langword="null"/>: callers on this machine need none, and the host refuses to listen to others.
    /// </summary>
    [MinLength(16, ErrorMessage = "Api:Key: use at least 16 characters.")]
    public string? Key { get; set; }

    /// <summary>
    /// Whether the header <c>X-MS-CLIENT-PRINCIPAL</c> is believed; false by default. Set it only where Azure's own
    /// authentication stands in front of the app and takes the header from everybody else.
    /// </summary>
    public bool TrustFunctionsPrincipal { get; set; }

    /// <summary>The issuers whose tokens callers may send besides keys; none by default.</summary>
    public IList<OidcOptions> Oidc { get; } = [];

    /// <summary>
    /// The host names that requests on a loopback address may carry besides <c>localhost</c>, <c>127.0.0.1</c> and
    /// <c>[::1]</c>: what a reverse proxy on this machine passes on. None by default.
    /// </summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>
    /// How many requests a second each caller may make, and in a burst ten times as many; those beyond it are answered with 429.
    /// Requests without valid credentials are counted by address. 100 by default, 0 for no limit; a host without keys sets none.
    /// </summary>
    [Range(0, 1_000_000, ErrorMessage = "Api:RequestsPerSecond: use 0 to 1,000,000.")]
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>How often an event stream without events sends a sign of life; 15 seconds by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = "Api:Heartbeat: use 0.1 seconds to 10 minutes.")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);
}

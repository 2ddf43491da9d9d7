using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;

namespace AgentFunctions.Core.JsonSchemas;

/// <summary>The formats of texts that can be checked.</summary>
internal static class SchemaFormats
{
    private static readonly string[] Times = ["HH:mm:ssK", "HH:mm:ss.FFFFFFFK"];

    private static readonly FrozenDictionary<string, Func<string, bool>> Checks =
        new Dictionary<string, Func<string, bool>>(StringComparer.Ordinal)
        {
            ["date"] = static text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None,
                out _),
            ["date-time"] = static text => text.Length > 11 && text[10] is 'T' or 't' && IsDate(text[..10]) && IsTime(text[11..]),
            ["time"] = IsTime,
            ["email"] = static text => MailAddress.TryCreate(text, out MailAddress? address) && address.Address == text,
            ["ipv4"] = static text => text.Split('.') is { Length: 4 } parts && parts.All(IsOctet),
            ["ipv6"] = static text => !text.Contains('%') && !text.Contains('[')
                && IPAddress.TryParse(text, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6,
            ["uri"] = static text => Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
                && text.StartsWith(address.Scheme, StringComparison.OrdinalIgnoreCase)
                && Uri.IsWellFormedUriString(text, UriKind.Absolute),
            ["uri-reference"] = static text => Uri.IsWellFormedUriString(text, UriKind.RelativeOrAbsolute),
            ["uuid"] = static text => Guid.TryParseExact(text, "D", out _),
            ["regex"] = SchemaPattern.IsValid,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Gets the formats' names.</summary>
    public static IEnumerable<string> Names => Checks.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether a text has a format; <see langword="null"/> if the format is not known.</summary>
    /// <param name="format">The format.</param>
    /// <param name="text">The text.</param>
    public static bool? Fits(string format, string text) => Checks.TryGetValue(format, out Func<string, bool>? check)
        ? check(text)
        : null;

    private static bool IsDate(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool IsTime(string text)
    {
        // A leap second is a time, and the framework knows none.
        string time = text.Replace(":60", ":59", StringComparison.Ordinal).ToUpperInvariant();
        return time.Length > 8 && (time[^1] == 'Z' || time[^6] is '+' or '-') && !time.EndsWith(" Z", StringComparison.Ordinal)
            && DateTime.TryParseExact(time, Times, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }

    private static bool IsOctet(string part) =>
        part.Length is >= 1 and <= 3 && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0')
            && int.Parse(part, CultureInfo.InvariantCulture) <= 255;
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentFunctions.Monitors.Signals;

/// <summary>A metric's name with labels that must be equal: <c>name{label="value"}</c>.</summary>
/// <remarks>The format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format.</remarks>
internal sealed partial class MetricQuery
{
    private readonly string _name;
    private readonly Dictionary<string, string> _labels;

    private MetricQuery(string name, Dictionary<string, string> labels) => (_name, _labels) = (name, labels);

    public static bool IsValid(string query) =>
        Sample().Match(query + " 0") is { Success: true } match && match.Groups["value"].Value == "0";

    public static MetricQuery Parse(string query)
    {
        Match match = Sample().Match(query + " 0");
        return new MetricQuery(match.Groups["name"].Value, LabelsOf(match));
    }

    /// <summary>The sum of the samples that match; <see langword="null"/> if none does.</summary>
    public double? Sum(string page)
    {
        double? sum = null;
        foreach (string line in page.Split('\n'))
        {
            if (!line.StartsWith(_name, StringComparison.Ordinal)
                || Sample().Match(line.TrimEnd('\r')) is not { Success: true } match
                || match.Groups["name"].Value != _name
                || !TryNumber(match.Groups["value"].Value, out double value))
            {
                continue;
            }

            Dictionary<string, string> labels = LabelsOf(match);
            if (_labels.All(wanted => labels.TryGetValue(wanted.Key, out string? found) && found == wanted.Value))
            {
                sum = (sum ?? 0) + value;
            }
        }

        return sum;
    }

    private static Dictionary<string, string> LabelsOf(Match match)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < match.Groups["label"].Captures.Count; i++)
        {
            labels[match.Groups["label"].Captures[i].Value] = match.Groups["text"].Captures[i].Value
                .Replace("\\\"", "\"", StringComparison.Ordinal)
                .Replace("\\n", "\n", StringComparison.Ordinal)
                .Replace("\\\\", "\\", StringComparison.Ordinal);
        }

        return labels;
    }

    private static bool TryNumber(string text, out double value)
    {
        value = text switch { "+Inf" => double.PositiveInfinity, "-Inf" => double.NegativeInfinity, "NaN" => double.NaN, _ => 0 };
        return value != 0 || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    [GeneratedRegex(
        """^(?<name>[a-zA-Z_:][\w:]*)\s*(\{\s*((?<label>[a-zA-Z_]\w*)\s*=\s*"(?<text>(\\.|[^"\\])*)"\s*,?\s*)*\})?\s+(?<value>\S+)(\s+-?\d+)?\s*$""",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();
}

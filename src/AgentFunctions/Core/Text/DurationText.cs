using System.Globalization;
using System.Xml;

namespace AgentFunctions.Core.Text;

/// <summary>
/// Durations as people write them: ISO 8601 (<c>PT5H</c>) or a number with a unit (<c>90s</c>, <c>30m</c>, <c>5h</c>, <c>2d</c>).
/// </summary>
internal static class DurationText
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        try
        {
            if (text.StartsWith('P'))
            {
                duration = XmlConvert.ToTimeSpan(text);
                return true;
            }

            if (text.Length < 2
                || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                    out double number))
            {
                return false;
            }

            TimeSpan? unit = text[^1] switch
            {
                's' => TimeSpan.FromSeconds(1),
                'm' => TimeSpan.FromMinutes(1),
                'h' => TimeSpan.FromHours(1),
                'd' => TimeSpan.FromDays(1),
                _ => null,
            };
            duration = (unit ?? default) * number;
            return unit is not null;
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            return false;
        }
    }
}

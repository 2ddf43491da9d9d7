using System.Globalization;
using NCrontab;

namespace AgentFunctions.Monitors.Schedules;

/// <summary>
/// A cron expression that means what cron means by it, or is refused: NCrontab alone turns ranges round, takes any step, and
/// wants day and weekday to hold both.
/// </summary>
internal sealed class CronExpression
{
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
        "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>The fields, the last five of which every expression has.</summary>
    private static readonly Field[] Fields =
    [
        new("second", 0, 59), new("minute", 0, 59), new("hour", 0, 23), new("day", 1, 31), new("month", 1, 12, Months),
        new("day of week", 0, 7, Days),
    ];

    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private CronExpression(IReadOnlyList<CrontabSchedule> schedules, bool followsElapsedTime) =>
        (Schedules, FollowsElapsedTime) = (schedules, followsElapsedTime);

    /// <summary>
    /// Gets the schedules that it stands for, due whenever one of them is: two where day and day of week are both given.
    /// </summary>
    public IReadOnlyList<CrontabSchedule> Schedules { get; }

    /// <summary>Gets whether it is due in every hour, so that it goes by elapsed time when the clocks change.</summary>
    public bool FollowsElapsedTime { get; }

    /// <summary>Reads an expression.</summary>
    /// <param name="text">Five fields, six with the second, or a name such as <c>@daily</c>.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public static CronExpression Parse(string text)
    {
        string[] parts = (Names.TryGetValue(text.Trim(), out string? named) ? named : text).Split((char[]?)null,
            StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
        {
            throw Invalid($"'{text}' has {parts.Length} fields. Write five (minute, hour, day, month, day of week) or six (second first).");
        }

        Field[] fields = Fields[^parts.Length..];
        string[] read = [.. parts.Select((part, index) => fields[index].Read(part))];
        // As cron has it: a field that begins with '*' asks for nothing, and of two that ask one is enough.
        bool isEither = IsGiven(parts[^3]) && IsGiven(parts[^1]);
        return new CronExpression(
            isEither ? [Schedule(read, parts.Length - 1), Schedule(read, parts.Length - 3)] : [Schedule(read, null)],
            followsElapsedTime: read[^4] == "*");
    }

    /// <summary>Reads an expression as NCrontab alone does, which takes more than means anything.</summary>
    /// <returns>The expression; <see langword="null"/> if NCrontab refuses it too.</returns>
    public static CronExpression? ParseStored(string text)
    {
        string[] fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return CrontabSchedule.TryParse(text,
            new CrontabSchedule.ParseOptions { IncludingSeconds = fields.Length == 6 }) is { } schedule
            ? new CronExpression([schedule], fields[^4] is "*" or "*/1")
            : null;
    }

    private static bool IsGiven(string part) => part[0] is not ('*' or '?');

    private static CrontabSchedule Schedule(string[] fields, int? open) => CrontabSchedule.Parse(
        string.Join(' ', fields.Select((field, index) => index == open ? "*" : field)),
        new CrontabSchedule.ParseOptions { IncludingSeconds = fields.Length == 6 });

    private static AgentException Invalid(string message) => new(ErrorCode.InvalidInput, $"schedule.cron: {message}");

    private sealed record Field(string Name, int First, int Last, string[]? Names = null)
    {
        private bool IsDayOfWeek => Names == Days;

        /// <summary>The last of the numbers that differ: 7 is another name of Sunday.</summary>
        private int Top => IsDayOfWeek ? 6 : Last;

        /// <summary>Reads a field into <c>*</c> or the list of its numbers.</summary>
        public string Read(string text)
        {
            if (text is "*" or "*/1" || (text == "?" && Name.StartsWith("day", StringComparison.Ordinal)))
            {
                return "*";
            }

            var numbers = new SortedSet<int>();
            foreach (string item in text.Split(','))
            {
                Add(item, text, numbers);
            }

            return string.Join(',', numbers);
        }

        private void Add(string item, string text, SortedSet<int> numbers)
        {
            string[] stepped = item.Split('/');
            string[] range = stepped[0].Split('-');
            int step = stepped.Length == 1 ? 1 : stepped.Length == 2
                ? Number(stepped[1], text, isStep: true)
                : throw Unreadable(item, text);
            (int from, int to) = stepped[0] == "*" ? (First, Top)
                : range.Length == 2 ? (Number(range[0], text), End(range[1], text))
                : range.Length == 1 ? (Number(range[0], text), stepped.Length == 2 ? Top : Number(range[0], text))
                : throw Unreadable(item, text);
            if (from > to)
            {
                throw Invalid($"{Name} '{text}': the range {stepped[0]} runs backwards. Write {from}-{Top},{First}-{to} if it goes over the end.");
            }

            if (step == 0)
            {
                throw Invalid($"{Name} '{text}': a step is at least 1.");
            }

            if (stepped.Length == 2 && step > to - from)
            {
                throw Invalid(
                    $"{Name} '{text}': a step of {step} never comes within {from} to {to}. Use 'every' for an interval that does not divide the "
                    + $"{(IsDayOfWeek ? "week" : Name == "day" ? "month" : Name == "month" ? "year" : Name == "hour" ? "day" : Name == "minute" ? "hour" : "minute")}.");
            }

            for (int number = from; number <= to; number += step)
            {
                numbers.Add(IsDayOfWeek ? number % 7 : number);
            }
        }

        /// <summary>The end of a range: Sunday is the last day of one that did not begin with it.</summary>
        private int End(string text, string field) => Number(text, field) is var number && IsDayOfWeek && number == 0
            ? 7
            : number;

        private int Number(string text, string field, bool isStep = false)
        {
            int index = isStep || Names is null
                ? -1
                : Array.FindIndex(Names, name => text.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (index >= 0)
            {
                return index + First;
            }

            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                throw Unreadable(text, field);
            }

            return isStep || (number >= First && number <= Last) ? number
                : throw Invalid($"{Name} '{field}': {number} is not among {First} to {Last}.");
        }

        private AgentException Unreadable(string item, string field) => Invalid(
            $"{Name} '{field}': '{item}' cannot be read. Use *, numbers {First} to {Last}"
            + $"{(Names is null ? "" : $" or {Names[0]} to {Names[^1]}")}, lists (a,b), ranges (a-b) and steps (*/n).");
    }
}

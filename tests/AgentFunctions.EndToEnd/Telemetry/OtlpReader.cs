using System.Globalization;
using Google.Protobuf;

namespace AgentFunctions.EndToEnd.Telemetry;

/// <summary>
/// Reads the messages of OTLP, by the numbers of their fields: <c>opentelemetry/proto/collector/{trace,metrics}/v1</c> and what
/// they use.
/// </summary>
internal static class OtlpReader
{
    /// <summary>Reads an <c>ExportTraceServiceRequest</c>.</summary>
    public static IReadOnlyList<OtlpSpan> Spans(byte[] request)
    {
        var spans = new List<OtlpSpan>();
        foreach (ByteString resourceSpans in Fields(request, 1))
        {
            byte[] group = resourceSpans.ToByteArray();
            IReadOnlyDictionary<string, string> resource = Attributes(Fields(group, 1).Single().ToByteArray(), 1);
            spans.AddRange(Fields(group, 2).SelectMany(scope => Fields(scope.ToByteArray(), 2))
                .Select(span => Span(resource["service.instance.id"], span.ToByteArray())));
        }

        return spans;
    }

    /// <summary>Reads the names of the metrics of an <c>ExportMetricsServiceRequest</c>.</summary>
    public static IReadOnlyList<string> Metrics(byte[] request) =>
    [
        .. Fields(request, 1).SelectMany(static resource => Fields(resource.ToByteArray(), 2))
            .SelectMany(static scope => Fields(scope.ToByteArray(), 2))
            .Select(static metric => Fields(metric.ToByteArray(), 1).Single().ToStringUtf8()),
    ];

    private static OtlpSpan Span(string instance, byte[] span) => new(
        instance, Hex(span, 1), Hex(span, 2), Hex(span, 4), Fields(span, 5).Single().ToStringUtf8(), Attributes(span, 9),
        [.. Fields(span, 13).Select(static link => Hex(link.ToByteArray(), 1))],
        TimeSpan.FromTicks((Fixed(span, 8) - Fixed(span, 7)) / 100));

    private static string Hex(byte[] message, int field) =>
        Fields(message, field).Select(static value => Convert.ToHexStringLower(value.Span)).FirstOrDefault("");

    private static Dictionary<string, string> Attributes(byte[] message, int field) => Fields(message, field)
        .Select(static pair => pair.ToByteArray())
        .ToDictionary(static pair => Fields(pair, 1).Single().ToStringUtf8(),
            static pair => Value(Fields(pair, 2).Single().ToByteArray()));

    private static string Value(byte[] value)
    {
        var input = new CodedInputStream(value);
        return (input.ReadTag() >> 3) switch
        {
            1 => input.ReadString(),
            2 => input.ReadBool() ? "true" : "false",
            3 => input.ReadInt64().ToString(CultureInfo.InvariantCulture),
            4 => input.ReadDouble().ToString(CultureInfo.InvariantCulture),
            5 => string.Join(',', Fields(input.ReadBytes().ToByteArray(), 1).Select(static item => Value(item.ToByteArray()))),
            _ => "",
        };
    }

    private static IReadOnlyList<ByteString> Fields(byte[] message, int field)
    {
        var found = new List<ByteString>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (tag >> 3 == field && (tag & 7) == 2)
            {
                found.Add(input.ReadBytes());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }

    private static long Fixed(byte[] message, int field)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (tag >> 3 == field && (tag & 7) == 1)
            {
                return (long)input.ReadFixed64();
            }

            input.SkipLastField();
        }

        return 0;
    }
}

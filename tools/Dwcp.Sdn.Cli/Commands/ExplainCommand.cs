using System.CommandLine;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Api;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Core;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Says what a kind or one of its fields is, in the words of the API itself. It needs no controller.</summary>
internal sealed class ExplainCommand : CliCommand
{
    private readonly Argument<string?> _what = new("KIND[.FIELD]") { Description = "Such as port, or port.bindings.host", Arity = ArgumentArity.ZeroOrOne };

    public ExplainCommand(CommandLine cli)
        : base(cli, "explain", "Say what a kind and its fields are")
    {
        _what.CompletionSources.Add(_ => KindCatalogue.All.Select(k => k.Singular));
        Add(_what);
        Examples = [new("dwcpctl explain", "the kinds"), new("dwcpctl explain network", "its fields"), new("dwcpctl explain subnet.dhcp", "a field and what is in it")];
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var style = new Style(Shell.HasColours);
        if (parse.GetValue(_what) is not { } what)
        {
            var table = new Table("KIND", "NAME", "WHAT IT IS") { Overflow = Overflow.Wrap };
            foreach (var kind in KindCatalogue.All)
            {
                table.Add(kind.Plural, kind.Name, ProtoComments.Known.Of(kind.Message.FullName));
            }

            table.WriteTo(Shell.Out, Shell.Width, style);
        }
        else
        {
            Explain(what.Split('.'), style);
        }

        return Task.FromResult(ExitCode.Done);
    }

    private void Explain(string[] path, Style style)
    {
        var kind = KindCatalogue.Find(path[0]);
        var (type, field) = ((MessageDescriptor?)kind.Message, (FieldDescriptor?)null);
        foreach (var name in path[1..])
        {
            field = (type ?? throw NoField(field!.JsonName, name, [])).Fields.InDeclarationOrder().FirstOrDefault(f => f.JsonName == name || f.Name == name)
                ?? throw NoField(type.Name, name, type.Fields.InDeclarationOrder().Select(f => f.JsonName));
            type = field is { FieldType: FieldType.Message, IsMap: false } ? field.MessageType : null;
        }

        if (field is null)
        {
            Shell.Out.WriteLine($"{style.Strong(kind.Name)}  {kind.PathOf("{id}").Replace("%7B", "{", StringComparison.Ordinal).Replace("%7D", "}", StringComparison.Ordinal)}");
            Describe(ProtoComments.Known.Of(kind.Message.FullName));
        }
        else
        {
            WriteField(field, 0, style, whole: true);
        }

        if (type is null || type.File.Package.StartsWith("google.", StringComparison.Ordinal))
        {
            return;
        }

        var fields = type.Fields.InDeclarationOrder().ToLookup(f => FieldFacts.Of(f).ReadOnly);
        Section("Fields", fields[false], style);
        Section("Set by the controller", fields[true], style);
        if (field is null && kind.IsWritable && Api.Examples.Of(type.FullName) is { } example)
        {
            Shell.Out.WriteLine($"\n{style.Strong("Example")}");
            var item = JsonNode.Parse(example)!.AsObject();
            if (!kind.IsSingle)
            {
                item["id"] = "my-" + kind.Singular;
            }

            Shell.Out.Write(string.Concat(YamlText.Of(Objects.Wanted(kind, item)).TrimEnd('\n').Split('\n').Select(l => $"  {l}\n")));
        }
    }

    private void Section(string heading, IEnumerable<FieldDescriptor> fields, Style style)
    {
        if (fields.Any())
        {
            Shell.Out.WriteLine($"\n{style.Strong(heading)}");
            foreach (var field in fields)
            {
                WriteField(field, 2, style, whole: false);
            }
        }
    }

    private void WriteField(FieldDescriptor field, int indent, Style style, bool whole)
    {
        var facts = FieldFacts.Of(field);
        var words = new List<string> { TypeOf(field) };
        if (facts.Required)
        {
            words.Add("required");
        }

        if (facts.Default is { } value)
        {
            words.Add($"default {value}");
        }

        var lines = TextWrap.Lines($"{field.JsonName} {string.Join(", ", words)}", Shell.Width - indent - 1);
        Shell.Out.WriteLine($"{new string(' ', indent)}{style.Strong(field.JsonName)} {lines[0][field.JsonName.Length..]}");
        foreach (var line in lines.Skip(1))
        {
            Shell.Out.WriteLine(new string(' ', indent + 4) + line);
        }

        Describe(facts.Comment, indent + 4);
        if (field.FieldType == FieldType.Enum && whole)
        {
            foreach (var named in field.EnumType.Values)
            {
                Shell.Out.WriteLine($"    {named.Name}");
                Describe(ProtoComments.Known.Of(named.FullName), 8);
            }
        }
    }

    private void Describe(string comment, int indent = 0)
    {
        if (comment.Length > 0)
        {
            TextWrap.Write(Shell.Out, comment, indent, Shell.Width);
        }
    }

    private static string TypeOf(FieldDescriptor field)
    {
        if (field.IsMap)
        {
            return $"map of {TypeOf(field.MessageType.Fields[2])}";
        }

        var type = field.FieldType switch
        {
            FieldType.Message when field.MessageType.FullName == "google.protobuf.Timestamp" => "time",
            FieldType.Message => "object",
            FieldType.Enum => string.Join('|', field.EnumType.Values.Select(v => v.Name)),
            FieldType.Bool => "true|false",
            FieldType.String => "string",
            _ => "integer",
        };
        return field.IsRepeated ? $"list of {type}" : type;
    }

    private static CliException NoField(string type, string name, IEnumerable<string> known)
    {
        var names = known.ToArray();
        return new(ExitCode.Usage, $"there is no field {name} in {type}", NearestName.Of(name, names) is { } near ? $"Did you mean {near}?" : names.Length > 0 ? $"It has {string.Join(", ", names)}" : "It has no fields");
    }
}

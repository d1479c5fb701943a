using Dwcp.Sdn.Api;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Says what a kind or a field of it means, from the contract that this program was built with.</summary>
internal static class ExplainCommand
{
    public static Task<int> RunAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(1);
        var path = call.Required(0, "KIND[.FIELD]...").Split('.');
        var message = Kind.Find(path[0]).Message;
        FieldDescriptor? field = null;
        foreach (var name in path.Skip(1))
        {
            var type = field is null ? message
                : field.FieldType == FieldType.Message && !field.IsMap ? field.MessageType
                : throw new UsageException($"{field.JsonName} has no fields");
            field = type.Fields.InDeclarationOrder().FirstOrDefault(f => f.JsonName == name)
                ?? throw new UsageException($"{type.Name} has no field '{name}'. It has: {string.Join(", ", type.Fields.InDeclarationOrder().Select(f => f.JsonName))}");
        }

        if (field is null)
        {
            call.Out.WriteLine(ProtoComments.Known.Of(message.FullName));
            WriteFields(call.Out, message);
            return Task.FromResult(ExitCode.Done);
        }

        call.Out.WriteLine($"{field.JsonName}: {TypeOf(field)}");
        if (ProtoComments.Known.Of(field.FullName) is { Length: > 0 } text)
        {
            call.Out.WriteLine(text);
        }

        if (field.FieldType == FieldType.Enum)
        {
            call.Out.WriteLine();
            Table.Write(call.Out, ["VALUE", "MEANING"], field.EnumType.Values.Select(v => new[] { v.Name, ProtoComments.Known.Of(v.FullName) is { Length: > 0 } t ? t : ProtoComments.Known.Of($"{field.EnumType.FullName}.{v.Name}") }));
        }
        else if (field.FieldType == FieldType.Message && !field.IsMap && field.MessageType.File.Package != "google.protobuf")
        {
            WriteFields(call.Out, field.MessageType);
        }

        return Task.FromResult(ExitCode.Done);
    }

    private static void WriteFields(TextWriter to, MessageDescriptor message)
    {
        to.WriteLine();
        Table.Write(to, ["FIELD", "TYPE", "MEANING"], message.Fields.InDeclarationOrder().Select(f => new[] { f.JsonName, TypeOf(f), ProtoComments.Known.Of(f.FullName) }));
    }

    private static string TypeOf(FieldDescriptor field)
    {
        if (field.IsMap)
        {
            return $"map to {TypeOf(field.MessageType.Fields[2])}";
        }

        var type = field.FieldType switch
        {
            FieldType.Message when field.MessageType.FullName == "google.protobuf.Timestamp" => "time",
            FieldType.Message => field.MessageType.Name,
            FieldType.Enum => string.Join(" | ", field.EnumType.Values.Select(v => v.Name)),
            FieldType.Bool => "boolean",
            FieldType.String => "string",
            _ => "integer",
        };
        return field.IsRepeated ? $"list of {type}" : type;
    }
}

#include "flows/rule_selection.h"

namespace switchd {
namespace {

bool is_modify(FlowMod::Command command) {
    return command == FlowMod::Command::modify || command == FlowMod::Command::modify_strict;
}

}  // namespace

RuleSelection::RuleSelection(const FlowMod& request, bool own)
    : table_(request.table),
      own_(own),
      out_port_(is_modify(request.command) ? reserved_port::any : request.out_port),
      cookie_(request.cookie),
      cookie_mask_(request.cookie_mask),
      match_(request.match) {}

RuleSelection RuleSelection::everything() {
    FlowMod request;
    request.table = table_all;
    return RuleSelection(request, true);
}

}  // namespace switchd
